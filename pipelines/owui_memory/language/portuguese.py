"""Portuguese."""

# ruff: noqa: E501  (phrases of a kind stand together)

from .phrases import Phrases

PORTUGUESE = Phrases(
    letters="ãõ",
    common="""a, ao, aos, as, com, como, da, das, de, do, dos, e, ela, ele, em, era, estou, está, estamos, eu, foi, há, isso, isto, já, lhe, mais, mas, me, meu, minha, na, nas, no, nos, não, o, onde, os, ou, para, pela, pelo, por, porque, qual, quando, que, quem, se, sem, ser, seu, são, sua, também, te, tem, tenho, teu, tua, um, uma, você, à, é""",
    known_by="sempre, nunca, aqui, obrigado, obrigada, olá, dois, duas, anos, ano, tudo, todos, agora, cada, outro, bem, só, dia, dias, muito, desde, até",
    own="""como _ trabalho, trabalho (muito|sempre|muitas|todos|aos|às|de|desde|por|pouco|até|lá|aqui), (só|não|nunca|sempre|eu|também|já|quase|apenas) como, eu, meu, minha, meus, minhas, nós, nosso, nossa, nossos, nossas, comigo, uso óculos
        me (chamo|mudei|casei|formei|aposentei|sinto|interesso|disseste), chamo-me, (moramos|temos|somos|estamos), a gente (mora|tem|vai|gosta)
        (onde|em que|em quê|de que|de quê|para quem|com quem|desde quando|quando|o que|quantos _|quantas _|quanto|a que|por que|como|que) ... (trabalho|estudo|como|tomo|uso|ganho|corro|nado|viajo|leio|vejo|compro|almoço|janto|cozinho|treino|devo|faço)$
        trabalho (de|como|em|na|no|para|com|numa|num)""",
    own_verbs="sou, estou, vou, tenho, tive, moro, gosto, nasci, estudei, trabalhei, trabalhava, morava, morei, falo, prefiro, odeio, adoro, durmo, bebo, dirijo, conduzo, sofro, toco, jogo, pratico, coleciono, conheço, fui, fiz, costumo, vivo, faço, ando, peso, meço,",
    own_objects="me, mim, nos",
    own_first="o, ei, i",
    own_not="isto, isso, hello, certo, quando, quanto, como, aqui, ali, oi, sei, quero, preciso, outro, todo, nosso, mesmo, dado, texto, modelo, arquivo, código, exemplo, primeiro, segundo, posso, devo, resumo, muito, pouco, logo, tanto, dinheiro, tempo, título, foi, rei, lei, depois, objetivo, claro, ótimo, obrigado, bom, dei, meio",
    before_verbs="não, já, agora, também, sempre, nunca, hoje",
    requested="me (dá|dê|diga|diz|ajuda|ajude|explica|explique|mostra|mostre|conta|conte|faz|faça|escreve|escreva|recomenda|recomende|sugere|sugira|ensina|ensine|indica|indique|passa|passe|traduza), (pode|poderia|podes|podias|consegue) me, (pode|poderia|podes|podias) ... -me, (diz|dá|ajuda|explica|mostra|conta|faz|escreve|recomenda)-me, para (mim|nós)$",
    impersonal="""como (posso|faço|eu (posso|faço|consigo|devo|coloco|instalo)|poderia|devo|consigo|se), (o que|que) (posso|devo|eu posso|eu devo|faço para) (fazer|usar|dizer|escrever|comprar)?, onde (posso|eu posso|encontro|compro|consigo), se (eu|tenho|estou|vou|for), como se eu
        tenho (uma (dúvida|pergunta|lista|tabela|função)|um (erro|arquivo|ficheiro|texto)|que), (estou recebendo|estou a receber|recebo|aparece) ... erro, (eu )?(gostaria|queria|quero|preciso) (de )?(um|uma|que|saber|ajuda), me pergunto, (estou|vou) (procurando|escrevendo|tentando|fazendo) (um|uma)""",
    personal="como (eu )?(me chamo|me sinto|vou (para|ao|à|pro)|estou|bebo|tomo (o|meu))",
    keeping="lembra, lembre, esqueça, esqueças, esquece, anota, sempre, nunca, a partir de agora, de agora em diante, me chame, chama-me, suas respostas, tuas respostas",
    openers="a propósito, aliás, por falar nisso, ah, oh, por favor, olá, oi, bom dia, boa tarde, boa noite, ok, bem, então, e, mas, obrigado, obrigada, sim, não, agora, uma pergunta",
    polite="obrigado, obrigada, muito obrigado, muito obrigada, de nada, bom dia, boa tarde, boa noite, até logo, perfeito, valeu",
    addresses="(você |vocês |tu )?(me |nos )?(pode|poderia|podem|consegue|podes|podias|poderias|conseguirias|sabe|sabes|ajuda|ajudas|dá|explica) (me|nos|ajudar|sugerir|explicar|recomendar|dar|dizer|_-me|_r), (ajuda|ajude|diz|diga|dá|dê|explica|explique|mostra|mostre)-(me|nos), me (ajuda|ajude|dá|dê|diz|diga|explica|explique|recomenda), como (posso|faço|devo|poderia), o que (devo|posso|você), (tem|tens) (alguma|algum|ideias|dicas), alguma (ideia|sugestão|dica), aqui está",
    reacts="(agora |já )?(eu )?(entendi|entendo|compreendi|compreendo|percebi|percebo)( agora| melhor| bem| tudo| a ideia)?$, (isso |agora )?faz (mais |todo o )?sentido, vou (tentar|testar|ver|experimentar|pensar), entendido, (certo|beleza|perfeito|claro|combinado|tudo bem)$, isso é (exatamente|tudo), era (isso|exatamente), tens razão, você tem razão",
    prefers="prefiro, preferia, preferiria, gosto (quando|mais), minha preferência, a minha preferência",
    leans_first="(ele|ela|eles|elas|isso|isto|aquilo) _, (um|uma|ambos|ambas|todos) deles, (um|uma) delas",
    leans_last="isso, isto, aquilo, lá, ali, ele, ela, eles, elas, nele, nela, disso",
    leans="(acho|penso|creio) que (isso|esse|essa|isto|este|esta|ele|ela) ",
    questions="""como (eu )?(me chamo|se chama|se chamam|nos chamamos), como *o (a|o|as|um|uma|meu|minha|isso|esse|este|essa|esta) _, há (algum|alguma|alguém|um|uma|como|maneira|jeito|possibilidade|alguns),
        como (posso|faço|se|funciona|conserto|é|está|podia|poderia|fazer|preparo|devo|consertar|arranjo|cozinho), onde (posso|fica|está|compro|encontro|é|há|tem|devo), quando (é|devo|posso|começa|sai|chega)
        por que, porque (é|não), o que, qual, quais, quem (é|sabe|pode), quanto, quanta, quantos, quantas, que (horas|tipo|devo|posso), de onde, para onde
        (posso|podemos|devo|deveria|pode|podes|poderia|podias|sabe|sabes|conhece|conheces|existe|tem (como|algum)|será que|é (possível|verdade|normal|melhor|seguro)|você (pode|sabe|poderia))
        alguém sabe, gostaria de saber, queria saber, quero saber, pergunto-me, me pergunto, alguma (ideia|sugestão|dica), algum conselho, meu _ pode, minha _ pode""",
    requests="""(ideias|receita|receitas|dicas|exercícios|presentes) para, escreva, escreve, escreve-me, redija, traduza, traduz, traduzir, explique, explica, explique-me, explica-me, dê, dê-me, dá-me, me dê, me dá, faça, faz, faz-me, me faça, crie, cria
        gere, gera, ajude, ajuda, ajuda-me, ajude-me, me ajude, me ajuda, diga, diz, diz-me, me diga, me diz, mostre, mostra, mostra-me, me mostre, resuma, resume, resumir, corrija, corrige
        calcule, calcula, procure, procura, encontre, encontra, recomende, recomenda, sugira, sugere, proponha, conte-me, conta-me, me conte, descreva, descreve, compare, compara, analise, analisa
        melhore, melhora, reescreva, reescreve, reformule, reformula, classifique, classifica, avalie, avalia, responda a, responde a, complete, completa, continue, continua, planeje, planeia
        organize, organiza, liste, lista, enumere, prepare, prepara, invente, inventa, verifique, converta, aja, comporte-se, você é (um|uma|meu|minha), és (um|uma), preciso (de (ajuda|uma|um|ideias)|que)
        quero (que|uma (receita|lista|carta|ideia|tradução)|um (poema|texto|conselho|exemplo|resumo)), gostaria (que|de (uma|um|ajuda)), lembre-me de, conserte, otimize, leia, escolha, adivinhe, elabore""",
    always="sempre, nunca, jamais, lembre que, lembra-te, não esqueça, não esqueças, me chame, chama-me",
    standing="a partir de agora, de agora em diante, daqui em diante, daqui para a frente, no futuro, toda vez, cada vez, suas respostas, tuas respostas, respostas (curtas|breves|longas|detalhadas)",
    supposing="""(você|tu) é* ... e eu sou, experimento mental, (você é|és) ... e eu sou, suponha, suponhamos, supõe, supondo, imagine, imagina, imaginemos, vamos imaginar, finja, finge, faz de conta, faça de conta, digamos, vamos supor, hipoteticamente, em teoria, na teoria
        vamos (brincar|jogar|fingir), era uma vez, nesta história, neste jogo, e se, assuma, cenário, vamos dizer""",
    conditional=r"se eu (fosse|tivesse|pudesse|ganhasse|vivesse|morasse|quisesse), quem me dera, se (fosse|tivesse|pudesse), se (eu )?*(asse|esse|isse)",
    roles="""como (um |uma |o |a )?(pirata|mago|bruxa|dragão|cavaleiro|rei|rainha|príncipe|princesa|vampiro|robô|alienígena|elfo|anão|fantasma|super-herói|cowboy|ninja|samurai|viking
            |unicórnio|detetive|narrador|personagem|ia|deus|deusa|imperador)""",
    handling="traduz*, tradução, resum*, corrij*, corrig*, correção, reescrev*, reformul*, parafrase*, avali*, classific*, responda a, responde a, responder a, encurte, melhore, ortografia, gramática, revise, reveja",
    soft_handling="(do|de|sobre o) que (se )?(trata|fala), quem (escreveu|canta|disse), explique, explica, explique-me, analise, analisa, verifique, o que (significa|quer dizer), comente, interprete, leia",
    texts="""canção, música, isto, isso, este, esta, estes, estas, esse, essa, seguinte, seguintes, texto, textos, e-mail, email, mail, mensagem, mensagens, carta, artigo, currículo, curriculum, cv, frase, frases
        parágrafo, ensaio, história, poema, letra, chat, conversa, formulário, documento, relatório, citação, notas, comentário, avaliação, publicação, página, candidatura""",
    speaking="a seguir, o seguinte, escreveu, escreve, disse, diz, respondeu, aqui está, aqui vai, eis, mandou, enviou, citação, recebi, encaminhado, encaminhada, reencaminhado",
    self_leads="me apresento, apresento-me, sobre mim, a meu respeito, sobre nós, lembre-se, lembra-te, lembre, não esqueça, nota, tenha em conta",
    salutations="prezad*, caro, cara, caros, querid*, olá, oi, bom dia, boa tarde, estimad*, exmo*",
    signoffs="atenciosamente, cumprimentos, com os melhores cumprimentos, abraço, abraços, um abraço, beijos, beijinhos, saudações, cordialmente, obrigado, obrigada, até breve",
    subjects="assunto, enc",
    headers="de, para, assunto, data, enviado, enviada, cc, enc",
    resumes="curriculum vitae, currículo, experiência profissional, experiência, formação acadêmica, formação académica, formação, habilidades, competências",
    forgetting="não (se )?(lembre|guarde|memorize) mais, que você … (esqueça|apague), esquece, esqueça, esqueças, esquecer, esqueçam, apaga, apague, apagues, apagar, elimina, elimine, remova, remove, exclua, exclui, deleta, delete",
    asking="quero, gostaria, quero que, quero que você, você, que você, por favor, que, e, pode, podes, poderia, agora, também, favor, de",
    everything="tudo, todos, todas, o que sabes, o que você sabe, o que sabe",
    ending="""divorci*, separei, separad*, separamos, separámos, separação, terminei, terminamos, terminámos, terminou, mudei, saí de, vendi, vendemos, vendido, vendida, deixei, demiti, demitid*, despedid*
        morreu, morto, morta, faleceu, falecid*, perdi, já não, não ... mais, cancel*, acabou, acabei, parei, fechou, fechado, viúv*, aposent*, reformei, dei, roubaram, roubad*, desisti, ex-marido, ex-mulher, meu ex, minha ex, antes""",
    corrects="não (dia |às )?[0-9]*, na verdade, quis dizer, queria dizer, enganei-me, me enganei, (está|estava) errad*, correção, corrijo, não ... mas, em vez de, ao invés de, adiad*, mudei, mudamos, mudou, alterad*, renomead*, prorrogad*, não (é|sou|era)",
    fillers="um, uma, uns, umas, o, a, os, as, sou, é, estou, está, agora, atualmente, realmente, também, simplesmente",
    numbers="dois/2, três/3, quatro/4, cinco/5, seis/6, sete/7, oito/8, nove/9, dez/10, onze/11, doze/12, duas/2, vinte/20, trinta/30, quarenta/40, cinquenta/50, sessenta/60, setenta/70, oitenta/80, noventa/90",
    speaker="eu, meu, minha, meus, minhas, me, mim, se",
    user="o usuário, a usuária, o utilizador, a utilizadora, usuário, usuária, utilizador, utilizadora",
    links="ao, à, de, do, da, dos, das, em, no, na, nos, nas, com, sem, por, pelo, pela, para, sobre, entre, desde, até, contra, antes, depois, e, ou, mas, porque, que, quando, não, nunca, como, mais, menos",
    forms="tenho/tem, vou/vai, faço/faz, posso/pode, quero/quer, prefiro/prefere, venho/vem, digo/diz, sei/sabe, dou/dá, durmo/dorme",
    endings="o/e, o/a",
    denying="não, nunca",
    forwarding="mensagem, mensagens, encaminhad*",
    wrote="escreveu",
    states="é, são, foi, tem, era",
    points="isso, isto",
)
