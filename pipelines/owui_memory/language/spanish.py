"""Spanish."""

# ruff: noqa: E501  (phrases of a kind stand together)

from .phrases import Phrases

SPANISH = Phrases(
    letters="ñ¿¡",
    common="""a, al, como, con, cuando, cuál, cuándo, cómo, de, del, donde, dónde, el, ella, en, era, eres, es, esta, este, esto, está, estoy, fue, ha, han, he, hay, la, las, le, les, lo, los, me, mi, mis, muy, más, no, nos, o, para, pero, por, porque, qué, que, quien, quién, se, si, sin, sobre, son, soy, su, sus, sí, te, tengo, tiene, tu, tus, un, una, y, ya, yo""",
    known_by="también, siempre, nunca, aquí, gracias, hola, dos, años, año, todo, todos, hace, desde, ahora, hasta, cada, otra, otro, bien, solo, día, días",
    own="""como _ trabajo, trabajo (muchas|mucho|mucha|todas|todos|los|las|con|desde|por|siempre|poco|allí|aquí|ahí|hasta|entre), (solo|sólo|no|nunca|siempre|yo|también|ya|casi) como, yo, mi, mis, mío, mía, míos, mías, nosotros, nosotras, nuestro, nuestra, nuestros, nuestras, conmigo, juego al, juego a
        me (gusta*|encanta*|llamo|llaman|casé|mudé|jubilé|dedico|apellido|levanto|acuesto|duele*|molesta*|interesa*|conviene|queda*|dijiste), (vivimos|tenemos|somos|estamos|fuimos)
        (dónde|donde|en qué|en que|de qué|para quién|para quien|con quién|con quien|desde cuándo|cuándo|qué|cuántos años|cuántas _|cuántos _|cuánto|a qué|por qué|cómo) ... (trabajo|estudio|juego|como|bebo|tomo|uso|llevo|peso|gano|corro|nado|viajo|leo|veo|compro|desayuno|almuerzo|cocino|celebro|entreno|debo|sé|hago deporte)$
        trabajo (de|como|en|para|desde), estudio (en|para|derecho|medicina|ingeniería), soy""",
    own_verbs="soy, estoy, vivo, tengo, voy, fui, tuve, nací, estudié, trabajé, trabajaba, estudiaba, viví, vivía, hablo, conduzco, prefiero, odio, duermo, mido, padezco, sufro, colecciono, conozco, salgo, vengo, hice, suelo, cumplo, ceno, monto, no como, toco, practico,",
    own_objects="me, mí, nos",
    own_first="o, é, í",
    own_not="esto, eso, bueno, claro, hello, cuando, cuanto, cuánto, cuándo, como, cómo, también, aquí, allí, así, café, según, quiero, necesito, cierto, otro, todo, nuestro, mismo, dado, correo, texto, modelo, archivo, código, ejemplo, primero, segundo, puedo, debo, resumo, mucho, poco, algo, luego, pero, solo, sólo, tanto, dinero, tiempo, juego, objetivo, título",
    before_verbs="no, ya, ahora, también, siempre, nunca",
    requested="""(dime|dame), me (puedes|podrías|puede|podría|pueden|das|dices|ayudas|ayuda|recomiendas|recomienda|aconsejas|explicas|haces|escribes|sugieres|cuentas|traduces|muestras|enseñas), para (mí|nosotros)$, nos (puedes|podrías|recomiendas|ayudas|das)""",
    impersonal="""(cómo|como) (puedo|hago|podría|debo|debería|se|sé si|consigo|logro|tengo que), (qué|que) (puedo|debo|debería) (hacer|usar|poner|decir|escribir|comprar), (dónde|donde) (puedo|consigo|encuentro|compro), si (yo|tengo|fuera|estoy|voy|quiero), como si (yo|fuera)
        tengo (una (duda|pregunta|lista|tabla|función)|un (error|problema con|archivo|texto)|que), (me sale|me da|me aparece|estoy recibiendo|obtengo) ... error, me (pregunto|gustaría (saber|que)), (necesito|quiero|quisiera|busco) (un|una|que|saber|ayuda), (estoy|voy a) (buscando|escribiendo|intentando|haciendo) (un|una)""",
    personal="(cómo|como) (me (llamo|siento|apellido)|voy (al|a la|a)|estoy|tomo (el|mi))",
    keeping="recuerda, recuerde, acuérdate, olvides, olvide, siempre, nunca, apunta, a partir de ahora, desde ahora, de ahora en adelante, llámame, tus respuestas",
    openers="por cierto, a propósito, en fin, ah, oh, por favor, porfa, hola, oye, buenos días, buenas tardes, buenas, ok, vale, bueno, pues, y, pero, entonces, gracias, sí, no, ahora, una pregunta",
    polite="gracias, muchas gracias, mil gracias, de nada, buenos días, buenas tardes, buenas noches, hasta luego, perfecto",
    addresses="(me |nos )?(puedes|podrías|puede|podría|ayudas|recomiendas|aconsejas|explicas|das|dices|sugieres), (ayúdame|dame|dime|explícame|recomiéndame|sugiéreme|muéstrame|escríbeme), (qué|cómo|cuál|dónde) (puedo|debo|debería|podría|me recomiendas|me aconsejas|hago), tienes (ideas|consejos|alguna), alguna (idea|sugerencia), algún consejo, aquí (está|tienes|va)",
    reacts="(ya )?(lo |te |la )?(entiendo|entendí|comprendo|capto|veo|pillo)( mejor| ahora| bien| la idea| perfectamente)?$, ya (lo )?(entiendo|entendí|veo|comprendo|tengo), entendido, (eso )?(tiene|ya tiene) (más |mucho )?sentido, lo (intentaré|probaré|pruebo|pensaré|voy a probar), voy a (probarlo|intentarlo|pensarlo|ver), eso es (justo|exactamente|todo|lo que), me parece bien, suena bien, (de acuerdo|claro|perfecto|exacto)$, (de acuerdo |vale )?lo entiendo, tienes razón",
    prefers="prefiero, preferiría, me gusta que, me gustan más, me gusta más, mi preferencia",
    leans_first="(él|ella|ellos|ellas|eso|esto) _, (uno|una|ambos|ambas|todos) de (ellos|ellas), allí (está|vive|trabajo|vivo)",
    leans_last="eso, esto, ahí, allí, él, ella, ellos, ellas, esa, ese, lo mismo",
    leans="(creo|pienso) que (eso|ese|esa|esto|este|él|ella) ",
    questions="""como *o (el|la|un|una|mi|mis|esto|este|esta) _,
        cómo, qué, dónde, cuándo, cuál, cuáles, quién, quiénes, por qué, cuánto, cuánta, cuántos, cuántas, adónde, para qué, de qué, en qué, a qué
        como (puedo|hago|se|arreglo|reparo|funciona|es|está|podría|consigo|hacer|arreglar|reparar|preparo|cocino|limpio|saber)
        que (es|puedo|hago|debo|significa|debería|cocino|tal|opinas|hay|le|me (recomiendas|aconsejas))
        donde (puedo|está|esta|hay|encuentro|compro|queda|consigo), cual es, por que, cuanto (cuesta|es|vale|tiempo|dinero), quien es
        (puedo|puede|podría|podrías|puedes|podemos|debo|debería|sabes|sabe|conoces|tengo que|hay|existe|me puedes|me podrías|necesito saber)
            |es (mi|posible|normal|verdad|malo|bueno|seguro|cierto)
        alguien sabe, me pregunto, quisiera saber, quiero saber, me gustaría saber, alguna (idea|sugerencia|recomendación), algún consejo, es verdad que, que (hora|dia|día|tiempo|fecha) (es|hace|tenemos)""",
    requests="""(ideas|receta|recetas|consejos|ejercicios|regalos) para, escribe, escríbeme, escriba, redacta, traduce, tradúceme, traduzca, traducir, explica, explícame, explique, dame, deme, haz, hazme, haga, crea, créame
        genera, genérame, ayúdame, ayuda, ayúdeme, dime, dígame, muéstrame, enséñame, resume, resúmeme, resuma, resumir, corrige, corrígeme, corrija
        calcula, busca, búscame, recomiéndame, recomienda, sugiéreme, sugiere, propón, proponme, cuéntame, describe, compara, analiza, mejora, reescribe, reformula
        clasifica, califica, evalúa, puntúa, responde a, contesta a, completa, continúa, planifica, organiza, lista, enumera, prepara, inventa, revisa, convierte
        actúa, compórtate, eres (un|una|mi), hazte, necesito (que|ayuda|ideas|consejo*|una (receta|lista|carta|idea|traducción|explicación)
            |un (poema|texto|consejo|ejemplo|resumen|plan|nombre))
        quiero (que (me|escribas|traduzcas|hagas|seas|actúes)|una (receta|lista|carta|idea|traducción)|un (poema|texto|consejo|ejemplo|resumen))
        quisiera que, me gustaría que, arregla, repara, optimiza, lee, hazlo, recuérdame, pon, elige, adivina, elabora, diseña, ordena""",
    always="siempre, nunca, jamás, recuerda que, acuérdate, no olvides, llámame",
    standing="""a partir de (ahora|hoy), desde ahora, de ahora en adelante, en (el )?futuro, en adelante, cada vez, tus respuestas, respuestas (cortas|breves|largas|detalladas)""",
    supposing="""haz (de cuenta|como que|como si), hagamos (de cuenta|que), (eres|tú eres) ... y yo (soy|seré), experimento mental, eres ... y (yo )?soy, supón, supongamos, suponga, suponiendo, imagina, imagínate, imaginemos, imagine, finge, finjamos, digamos, pongamos, hipotéticamente, en teoría
        juguemos, vamos a jugar, juego de rol, érase una vez, había una vez, en esta historia, en este juego, asume, asumamos, haz como si, hagamos como, y si
        escenario, supon, qué pasaría si, imaginando""",
    conditional=r"si (fuera|fuese|tuviera|tuviese|pudiera|ganara|viviera|hubiera|yo fuera|yo tuviera), ojalá, si (yo )?*(iera|iese|ase), si yo *ara, si (yo )?*(iéramos|iésemos|áramos|ásemos)",
    roles="""como (un |una |el |la |tu )?(pirata|mago|bruja|dragón|caballero|rey|reina|príncipe|princesa|vampiro|robot|alienígena|elfo|elfa|enano|fantasma
            |superhéroe|vaquero|ninja|samurái|vikingo|unicornio|detective|narrador|personaje|ia|dios|diosa|emperador)""",
    handling="""traduc*, traduzc*, resum*, corrig*, corrij*, corrección, reescrib*, reformul*, parafrase*, califica, evalúa, puntúa, clasifica, responde a
        responder a, contesta a, contestar a, acorta, mejora, ortografía, gramática""",
    soft_handling="de qué (trata|habla), quién (escribió|canta|dijo), explica, explícame, explique, analiza, revisa, qué (significa|quiere decir), comenta, interpreta, lee",
    texts="""canción, canciones, esto, este, esta, estos, estas, eso, ese, esa, siguiente, siguientes, texto, textos, correo, correos, mail, email, e-mail, mensaje, mensajes, carta
        artículo, currículum, curriculum, currículo, cv, hoja de vida, frase, frases, oración, párrafo, ensayo, historia, cuento, poema, letra, chat, conversación
        formulario, documento, informe, cita, notas, comentario, reseña, publicación, página, solicitud""",
    speaking="lo siguiente, a continuación, escribió, escribe, dice, dijo, respondió, contestó, aquí está, aquí tienes, aquí va, este es, esta es, mandó, envió, cita, recibí, reenviado, reenviada, reenvío",
    self_leads="me presento, presento, sobre mí, acerca de mí, sobre nosotros, recuerda, recuerda esto, no olvides, nota, ten en cuenta",
    salutations="estimad*, querid*, hola, buenos días, buenas tardes, apreciad*, muy señor*",
    signoffs="saludos, un saludo, saludos cordiales, atentamente, un abrazo, abrazos, besos, un beso, cordialmente, gracias, muchas gracias, hasta pronto, tu",
    subjects="asunto, rv",
    headers="de, para, asunto, fecha, enviado, cc, rv",
    resumes="currículum vitae, currículum, curriculum, experiencia laboral, experiencia profesional, formación académica, formación, habilidades, educación",
    forgetting="bórralo, bórrala, bórralos, olvídalo, olvídala, olvida, olvídate, olvide, olvides, olvidar, olvídalo, borra, borres, borrar, elimina, elimines, eliminar, suprime, ya no recuerdes, quita",
    asking="por favor, que, y, puedes, podrías, ahora, también, favor, me gustaría",
    everything="todo, todos, toda, todas, lo que sabes, lo que sepas",
    ending="""divorci*, separad*, separamos, separé, separación, rompimos, rompí, mudé, me fui, vendí, vendimos, vendido, vendida, dejé, renuncié, murió, muerto, muerta, falleció
        fallecid*, perdí, despidieron, despedid*, ya no, cancel*, terminé, terminamos, terminó, acabó, cerró, cerrado, viud*, jubilé, jubilad*, regalé, robaron
        robado, abandoné, dejado, se acabó, exmarido, exmujer, mi ex, nunca más, antes, graduado""",
    corrects="no (el |a las |las )?[0-9]*, en realidad, quise decir, quería decir, me equivoqué, (está|estaba|es|era) (mal|equivocado|incorrecto), corrección, corrijo, no ... sino, en vez de, en lugar de, (ha|han|he|hemos|fue|se) (cambiado|aplazado|pospuesto|movido|cambió|pospuso|movió|mudado), cambié, cambiamos, pospusieron, aplazaron, me mudé, nos mudamos, ya no, no (es|era|soy)",
    fillers="un, una, unos, unas, el, la, los, las, soy, es, estoy, está, ahora, actualmente, realmente, muy, también, verdaderamente",
    numbers="dos/2, tres/3, cuatro/4, cinco/5, seis/6, siete/7, ocho/8, nueve/9, diez/10, once/11, doce/12, veinte/20, treinta/30, cuarenta/40, cincuenta/50, sesenta/60, setenta/70, ochenta/80, noventa/90",
    speaker="yo, mi, mis, me, mí, se",
    user="el usuario, la usuaria, al usuario, a la usuaria, usuario, usuaria",
    links="a, al, de, del, en, con, sin, por, para, sobre, entre, desde, hasta, hacia, contra, antes, después, y, o, u, e, pero, porque, que, cuando, si, no, nunca, como, más, menos",
    forms="tengo/tiene, voy/va, hago/hace, he/ha, prefiero/prefiere, quiero/quiere, puedo/puede, juego/juega, duermo/duerme, vengo/viene, digo/dice, sé/sabe, doy/da, conozco/conoce",
    endings="o/e, o/a",
    denying="no, nunca, jamás",
    forwarding="mensaj*, reenviad*",
    wrote="escribió",
    states="es, está, son, eran, tiene, era",
    points="esto, eso",
)
