"""French."""

# ruff: noqa: E501  (phrases of a kind stand together)

from .phrases import Phrases

FRENCH = Phrases(
    letters="œëîû",
    common="""a, ai, as, au, aux, avec, c, ce, ces, cet, cette, d, dans, de, des, du, elle, en, es, est, et, eu, il, ils, j, je, l, la, le, les, leur, lui, m, ma, mais, me, mes, moi, mon, n, ne, nos, notre, nous, on, ont, ou, où, par, pas, pour, qu, quand, que, quel, quelle, qui, s, sa, se, ses, son, sont, suis, sommes, sur, t, ta, te, tes, toi, ton, tu, un, une, vos, votre, vous, y, à, était, été, être""",
    known_by="plus, très, bien, aussi, toujours, jamais, ici, merci, bonjour, deux, ans, année, parce, comme, tout, tous, fait, faire, depuis, maintenant, sans, chez, peu",
    own="je, j, mon, ma, mes, mien, mienne, miens, miennes, notre, nos, nous, moi-même, chuis, chui, j'suis",
    own_objects="moi, m, me",
    requested="""(donne|dis|montre|explique|aide|écris|fais|trouve|raconte|propose|suggère|recommande|conseille|traduis|rappelle|envoie|parle|apprends|donnez|dites|montrez|expliquez|aidez|écrivez|faites|trouvez|racontez|proposez|suggérez|recommandez|conseillez|traduisez)(-| )(moi|nous)
        (peux|pourrais|veux|pouvez|pourriez|voulez)(-| )(tu|vous) (me|m'_|nous), tu (peux|pourrais) (me|m'_|nous), pour (moi|nous)$, (que|quoi|lequel|lesquels|quels? _) me (conseilles|recommandes|suggères|proposes)(-| )(tu|vous)""",
    impersonal="""comment (est-ce que je|est-ce qu'on|puis-je|pourrais-je|je peux|je fais|je dois|je pourrais|dois-je|faire|on|nous|peut-on|fait-on), comment (je|j') ?_, de quoi ai-je besoin, (ai-je|est-ce que j'ai) besoin, (que|qu'est-ce que) (puis-je|je peux|je dois|dois-je) (faire|utiliser|mettre|dire|écrire), où (puis-je|je peux|est-ce que je peux) (trouver|acheter)
        si (je|j'|nous), comme si (je|j'), (je|j') ?(voudrais|aimerais|veux|cherche|ai besoin|souhaite) (un|une|que|de l'aide|d'aide|des|savoir|d'un|d'une), je me demande, j'ai une question, (j'ai|je reçois|j'obtiens) ... erreur, imagine que je, on (peut|doit)""",
    personal="comment (je|est-ce que je) (m'appelle|vais|me sens|me déplace|prends|bois), comment (m'appelé|m'appelle|vais)(-| )je",
    keeping="souviens, rappelle, retiens, oublie, oubliez, toujours, jamais, désormais, à partir de maintenant, dorénavant, appelle-moi, appelez-moi, tes réponses, vos réponses",
    openers="au fait, d'ailleurs, à propos, au passage, ah, oh, eh bien, s'il te plaît, s'il vous plaît, stp, svp, bonjour, bonsoir, salut, coucou, ok, bon, alors, et, mais, puis, merci, oui, non, maintenant, petite question",
    polite="merci, merci beaucoup, de rien, bonjour, bonsoir, bonne journée, à bientôt, parfait, je te remercie, je vous remercie",
    addresses="(peux|pourrais|veux|saurais|aurais|as|connais|penses)-tu, (pouvez|pourriez|auriez|avez|connaissez)-vous, (tu|vous) (peux|pourrais|pouvez|pourriez) (m'_|me|nous), (est-ce que|est-ce qu') _, (aide|aidez|donne|donnez|dis|dites|explique|expliquez|montre|montrez)-(moi|nous), comment (puis-je|faire|dois-je|je peux|je dois), (que|quel|quelle|quels|quelles) (dois-je|puis-je|me conseilles|me conseillez), des (idées|conseils), une idée, voici (mon|ma|mes|ce)",
    reacts="(je )?(comprends|vois|saisis)( mieux| l'idée| le principe| maintenant| bien| ça| le point)?$, je (comprends|vois) (ce que|pourquoi|comment|mieux|l'idée|le principe), j'ai (compris|saisi|bien compris), compris$, (ça|cela) (marche|a du sens|me va|m'aide), je vais (essayer|tester|voir|y réfléchir|regarder), c'est (clair|bon|parfait|noté|exactement|super|très clair|tout|logique)*, (ça )?me convient, d'accord$, d'accord (je|merci|c'est), tu as raison, vous avez raison",
    prefers="je préfère, je préférerais, j'aime mieux, j'aime (bien )?quand, je n'aime pas quand, ma préférence",
    leans_first="(il|elle|ils|elles|ça|cela|ceci) (est|était|sont|a|ont|va|fait|vit|habite|travaille|joue|aime|grince|fonctionne|marche|_e|_ent), c'est, c'était, (l'un|l'une|un|une|deux|tous) d'(eux|entre eux|elles|entre elles)",
    leans_last="ça, cela, lui, elle, eux, elles, là-bas, celui-là, celle-là",
    leans="je (crois|pense) que (c'_|ça|il|elle|celui-là|celle-là)",
    questions="""(des|quelques) (conseils|idées|astuces|suggestions) (pour|sur), comment _,
        comment, pourquoi, combien, est-ce que, qu'est-ce, quel, quelle, quels, quelles, qui (est|peut|sait|a), que (faire|dois-je|puis-je|signifie|veut|penses)
        quoi (faire|de), où (est|sont|puis-je|peut-on|trouver|acheter|se trouve|est-ce), quand (est|est-ce|dois-je|part|arrive), d'où, à quelle, à quoi, de quoi
        (puis|dois|peux|pourrais|ai|suis|devrais)-je, (peux|pourrais|sais|connais|veux)-tu, (pouvez|pourriez|savez|connaissez)-vous, y a-t-il, a-t-on, peut-on
        faut-il, (tu peux|tu pourrais|tu sais|vous pouvez|vous pourriez|on peut), je me demande, je voudrais savoir, j'aimerais savoir, quelqu'un (sait|connaît)
        une idée, des idées, un conseil, ou (puis-je|trouver|acheter)""",
    requests="""(idées|recette|recettes|conseils|exercices|cadeaux) pour, écris, écrivez, écris-moi, rédige, rédigez, traduis, traduisez, traduire, explique, expliquez, explique-moi, donne, donnez, donne-moi, fais, faites, crée, créez
        génère, générez, aide, aidez, aide-moi, dis-moi, dites-moi, montre, montrez, résume, résumez, résumer, corrige, corrigez, calcule, cherche, trouve, trouvez
        propose, proposez, suggère, recommande, conseille, raconte, décris, compare, analyse, analysez, améliore, réécris, reformule, reformulez, classe, classifie
        note ce, note cette, évalue, évaluez, réponds à, répondez à, complète, continue, planifie, organise, liste, énumère, prépare, invente, vérifie, convertis
        agis, comporte-toi, tu es (un|une|mon|ma), joue (le|un), j'ai besoin (que|d'aide|d'idées|de conseils|d'un|d'une), je (veux|voudrais) que tu, j'aimerais que tu
        je (veux|voudrais|cherche) (un|une|des) (poème|recette|recettes|liste|texte|lettre|idée|idées|traduction|résumé|conseil|conseils|exemple|exemples|nom)
        rappelle-moi (de|que), répare, optimise, lis, choisis, devine, imagine-moi, mets, élabore, conçois, ecris, ecrivez, ecris-moi, redige, redigez, genere, reecris, repare, reponds à, reponds a, suggere, decris, evalue, ameliore, verifie, calcule-moi""",
    always="toujours, jamais, ne ... jamais, souviens-toi, retiens, n'oublie pas, appelle-moi",
    standing="""désormais, dorénavant, à partir de maintenant, à l'avenir, à chaque fois, chaque fois, tes réponses, vos réponses, réponses (courtes|brèves|longues|détaillées)""",
    supposing="""on va jouer, on joue, jouons, (faisons|on fait) (un jeu|comme si|semblant), tu es ... et (je suis|moi je), expérience de pensée, tu es ... et je suis, suppose, supposons, supposez, imagine, imaginons, imaginez, fais semblant, faisons semblant, disons, admettons, mettons, hypothétiquement, en théorie
        jeu de rôle, jouons, on joue, il était une fois, dans cette histoire, dans ce jeu, et si, partons du principe, scénario, faites comme si, fais comme si""",
    conditional=r"si j'étais, si j'avais, si je (pouvais|gagnais|vivais|devais|voulais|devenais|étais), si on (était|avait), j'aimerais être, si (je |j')\w\w*[bcdghlmprstuvyzç]e?ais, si (je |j')\w\w*(gn|en)ais, si (nous|on) \w\w*(ions|ait)",
    roles="""(en tant que|comme) (un |une |le |la )?(pirate|magicien|sorcière|sorcier|dragon|chevalier|roi|reine|prince|princesse|vampire|robot|extraterrestre
            |elfe|nain|fantôme|super-héros|cowboy|ninja|samouraï|viking|licorne|détective|narrateur|personnage|ia|dieu|déesse|empereur)""",
    handling="""tradui*, traduction, résum*, corrig*, correction, réécri*, reformul*, paraphras*, note ce, note cette, évalue, évaluez, classe, classifie, réponds à
        répondez à, répondre à, raccourcis, améliore, orthographe, grammaire, relis, relire""",
    soft_handling="de quoi parle*, qui (a écrit|chante|a dit), explique, expliquez, explique-moi, analyse, analysez, vérifie, que (signifie|veut dire), commente, interprète, lis",
    texts="""chanson, chansons, ceci, cela, ça, ce, cet, cette, ces, suivant, suivante, suivants, texte, textes, mail, mails, courriel, e-mail, email, message, messages, lettre
        article, cv, phrase, phrases, paragraphe, essai, histoire, poème, paroles, chat, conversation, formulaire, document, rapport, citation, notes
        commentaire, avis, publication, page, candidature, le""",
    speaking="ci-dessous, ce qui suit, écrit, a écrit, écrivait, dit, a dit, disait, répondu, répond, voici, voilà, envoyé, citation, reçu, transféré, transférée, transfere",
    self_leads="je me présente, me présente, à propos de moi, sur moi, à mon sujet, souviens-toi, retiens, n'oublie pas, note, à noter",
    salutations="cher, chère, chers, bonjour, bonsoir, salut, madame, monsieur, coucou",
    signoffs="""cordialement, bien cordialement, bien à (vous|toi), amicalement, sincèrement, bises, bisous, à bientôt, salutations, meilleures salutations, merci
        bonne journée, je t'embrasse, respectueusement""",
    subjects="objet, tr",
    headers="de, à, objet, date, envoyé, cc, tr",
    resumes="curriculum vitae, cv, expérience professionnelle, expériences professionnelles, formation, compétences, diplômes",
    forgetting="oublie, oublies, oubliez, oublier, efface, effaces, effacez, effacer, supprime, supprimes, supprimez, supprimer, ne retiens plus, retire",
    asking="(pouvez|pourriez)-vous, pourrais-tu, s'il te plaît, s'il vous plaît, stp, tu, et, peux-tu, maintenant, aussi, de, plaît",
    everything="tout, tous, toutes, ce que tu sais, ce que vous savez",
    ending="""divorc*, séparé*, séparés, séparation, rompu, déménagé, parti, partie, quitté, vendu, vendue, démissionné, mort, morte, décédé*, perdu, licencié*, ne ... plus, plus de
        n'ai plus, annulé*, abandonné, arrêté, terminé, fini, fermé, veuf, veuve, retraite, donné, volé, ex-mari, ex-femme, mon ex, n'habite plus, ne suis plus, n'est plus, avant""",
    corrects="pas (le |à )?[0-9]*, non (le )?[0-9]*, en fait, je voulais dire, je me suis trompé*, c'est (faux|inexact), correction, je corrige, pas ... mais, au lieu de, plutôt que, reporté*, déplacé*, changé*, renommé*, prolongé*, déménagé*, non (je|c'est|mon|ma)",
    fillers="un, une, le, la, les, l, suis, est, maintenant, actuellement, vraiment, très, aussi, présentement",
    numbers="deux/2, trois/3, quatre/4, cinq/5, six/6, sept/7, huit/8, neuf/9, dix/10, onze/11, douze/12, vingt/20, trente/30, quarante/40, cinquante/50, soixante/60",
    speaker="je, j, moi, mon, ma, mes, me, m, se, s",
    user="l'utilisateur, l'utilisatrice, utilisateur, utilisatrice",
    links="à, au, aux, de, du, des, d, en, dans, avec, sans, par, pour, sur, sous, entre, depuis, avant, après, chez, vers, contre, et, ou, mais, parce, que, qu, quand, si, ne, n, pas, plus, jamais, comme",
    forms="ai/a, vais/va, fais/fait, peux/peut, veux/veut, bois/boit, viens/vient, dors/dort, lis/lit, écris/écrit, vis/vit, dois/doit, prends/prend, connais/connaît",
    endings="e/e, s/t",
    denying="ne, n', jamais",
    forwarding="messag*, transféré*",
    wrote="a écrit",
    states="est, sont, était, ont",
    points="c, ça, ce",
)
