"""Italian."""

# ruff: noqa: E501  (phrases of a kind stand together)

from .phrases import Phrases

ITALIAN = Phrases(
    common="""a, ai, al, alla, che, chi, ci, come, con, cosa, da, dal, dei, del, della, delle, di, dove, e, ed, era, gli, ha, hai, hanno, ho, i, il, in, io, l, la, le, lo, lui, ma, me, mi, mia, mio, ne, nel, nella, non, o, per, perché, più, quale, quando, qual, se, sei, si, sono, su, suo, sua, ti, tu, tua, tuo, un, una, uno, è""",
    known_by="anche, sempre, mai, qui, grazie, ciao, due, anni, anno, tutto, tutti, ora, adesso, ogni, altro, bene, solo, giorno, giorni, molto, dopo, fa",
    own="""come _ lavoro, lavoro (spesso|sempre|molto|tanto|troppo|dal|dalle|con|tutti|di|su|part|fino|poco), io, mio, mia, miei, mie, noi, nostro, nostra, nostri, nostre, sono (nato|nata|un|una|il|la|allergic*|vegan*|vegetarian*|sposat*|divorziat*|laureat*|cresciut*|andat*|stat*|in|di|alt*|io)
        mi (chiamo|piac*|trasferisco|trovo|sono|sento|occupo|sveglio|alzo|alleno|interessa*|dà|fa male|danno), (abitiamo|viviamo|abbiamo|siamo)
        (dove|in che|in quale|che|cosa|da quanto|da quando|per chi|con chi|quando|quanti _|quante _|quanto|a che|a cosa|perché|come|quali|quale) ... (lavoro|studio|gioco|suono|uso|peso|guadagno|corro|nuoto|viaggio|leggo|vedo|compro|cucino|sono nat*|porto|pratico|prendo|festeggio|alloggio)$
        (che|quale) (lavoro|mestiere|sport) (faccio|pratico), lavoro (come|in|per|da|a|nel|alla), (chi|dove|come|quanto alt*|di dove) sono""",
    own_verbs="ho, abito, vivo, faccio, vado, preferisco, adoro, odio, dormo, guido, soffro, possiedo, parlo, bevo, mangio, colleziono, conosco, sto, devo, ero, nacqui,",
    own_objects="mi, me, ci",
    own_first="o",
    own_not="questo, quello, hello, ciao, certo, quando, quanto, come, buongiorno, voglio, vorrei, altro, tutto, nostro, stesso, dato, testo, modello, codice, esempio, primo, secondo, posso, devo, riassumo, molto, poco, tanto, denaro, tempo, titolo, dopo, obiettivo, solo, grazie, salvo, meglio, bravo, aiuto, perciò, però, può, invio, file",
    before_verbs="non, già, ora, adesso, anche, sempre, oggi",
    requested="(mi|ci) (dai|dici|aiuti|spieghi|mostri|scrivi|consigli|suggerisci|fai|puoi|può|potresti|potrebbe|racconti|traduci|insegni|dia|dica|aiuti|trovi|prepari), (puoi|potresti|può|potrebbe) ... (darmi|dirmi|aiutarmi|spiegarmi|scrivermi), per (me|noi)$",
    impersonal="""come (posso|faccio|devo|potrei|si|dovrei|riesco), (cosa|che cosa|che) (posso|devo|dovrei|faccio per) (fare|usare|dire|scrivere|comprare|mettere)?, dove (posso|trovo|compro), se (io|fossi|ho|devo|voglio), come se (io|fossi)
        ho (bisogno|una (domanda|lista|tabella|funzione)|un (errore|file|testo|problema con)), (ricevo|ottengo|mi dà|mi appare) ... errore, (vorrei|voglio|cerco) (un|una|che|sapere|aiuto), mi (chiedo|serve|servono|serva)""",
    personal="come (mi (chiamo|sento)|vado (al|a)|sto|prendo il (caffè|tè))",
    keeping="sempre, mai, ricorda, ricordati, ricordi, dimenticare, d'ora in poi, chiamami, le tue risposte",
    openers="a proposito, comunque, tra l'altro, ah, oh, beh, per favore, per piacere, perfavore, ciao, salve, buongiorno, buonasera, ok, allora, bene, e, ma, poi, grazie, sì, no, adesso, ora, una domanda",
    polite="grazie, grazie mille, molte grazie, prego, buongiorno, buonasera, buonanotte, a presto, perfetto, ti ringrazio",
    addresses="(mi |ci |ti |me lo )?(puoi|potresti|può|potrebbe|potete|sapresti|aiuti|consigli|suggerisci|dai|spieghi) _, aiutami, dammi, dimmi, spiegami, consigliami, come (posso|faccio|dovrei|potrei), cosa (posso|dovrei|devo|mi consigli), hai (idee|consigli|suggerimenti|qualche), qualche (idea|consiglio), ecco (il|la|cosa|i|le)",
    reacts="(ora |adesso )?(ho )?(capito|afferrato)( tutto| bene| l'idea| meglio)?$, (ora |adesso )?(lo )?capisco( meglio| ora| adesso| bene)?$, (ha|adesso ha|questo ha) (più |molto )?senso, ci provo, (ci )?proverò, (va|mi va) bene$, chiaro$, tutto chiaro, d'accordo$, hai ragione, mi sembra (giusto|buono|ok), vediamo",
    prefers="preferisco, preferirei, mi piace (quando|che|di più), la mia preferenza",
    leans_first="(lui|lei|loro|esso|essa|ciò|questo|questa) (è|era|ha|sono|vive|abita|lavora|suona|fa|va|mi|si), (uno|una|entrambi|tutti) di (loro|essi|questi)",
    leans_last="questo, quello, ciò, lui, lei, loro, lì, là, quella",
    leans="(credo|penso) che (questo|quello|lui|lei|sia)",
    questions="""come (mi chiamo|si chiama|si chiamano|ci chiamiamo), come *o (il|lo|la|i|gli|le|un|una|mio|mia|dal|dalla|dai|questo|questa|l'_), (qualche|alcuni) (consiglio|consigli|idea|idee), (che )?cosa _,
        come (faccio|si|posso|potrei|fare|funziona|riparo|aggiusto|è|sta|mai|cucino|preparo|devo), dove (posso|trovo|è|si|compro|sono|devo), quando (è|parte|arriva
            |devo|posso|si|inizia), perché, cosa (posso|devo|è|significa|ne|dovrei|fare|cucino|mi (consigli|suggerisci)), che cosa, che (ore|tipo|cosa|significa), chi (è|sa|può|ha)
        qual, quale, quali, quanto, quanta, quanti, quante, (posso|possiamo|devo|dovrei|potrei|puoi|potresti|sai|conosci|può|è (possibile|vero|normale|meglio)|c'è|ci sono|esiste)
        qualcuno sa, mi chiedo, vorrei sapere, voglio sapere, mi piacerebbe sapere, qualche (idea|consiglio|suggerimento), hai (idee|consigli)""",
    requests="""(mi|ci) (serve|servono|serva) ... (idee|ricetta|ricette|consigli|consiglio|aiuto|lista|testo|esempi|poesia|traduzione), (idee|ricetta|ricette|consigli|esercizi|regali) per, scrivi, scrivimi, scriva, traduci, traducimi, traduca, spiega, spiegami, spieghi, dammi, mi dia, fammi, fai, crea, creami, genera, aiutami, aiuto, mi aiuti, dimmi
        mostrami, mostra, riassumi, riassumimi, riassuma, correggi, correggimi, corregga, calcola, cerca, cercami, trova, trovami, consigliami, consiglia, suggerisci
        suggeriscimi, proponi, raccontami, descrivi, confronta, analizza, migliora, riscrivi, riformula, classifica, valuta, rispondi a, completa, continua, pianifica
        organizza, elenca, prepara, inventa, controlla, converti, comportati, sei (un|una|il mio|la mia), fingi, mi serve (un|una|aiuto), ho bisogno (di|che)
        voglio (che tu|una (ricetta|lista|lettera|idea|traduzione)|un (poema|testo|consiglio|esempio|riassunto)), vorrei (che|una (ricetta|lista|lettera|idea)|un (testo|consiglio|esempio))
        ricordami di, aggiusta, ripara, ottimizza, leggi, scegli, indovina, metti, redigi, componi""",
    always="sempre, mai, non ... mai, ricorda che, ricordati, non dimenticare, chiamami",
    standing="d'ora in poi, da adesso in poi, da ora, in futuro, ogni volta, le tue risposte, risposte (brevi|corte|lunghe|dettagliate)",
    supposing="""facciamo (un gioco|finta|che), giochiamo, tu sei ... e (io )?sono, esperimento mentale, (tu )?sei ... e io sono, supponi, supponiamo, supponendo, immagina, immaginiamo, immaginate, fai finta, facciamo finta, fingi, fingiamo, diciamo, mettiamo, poniamo, ipoteticamente, in teoria
        gioco di ruolo, giochiamo, c'era una volta, in questa storia, in questo gioco, e se, ipotizziamo, scenario, ammettiamo, fai conto""",
    conditional=r"se (fossi|avessi|potessi|vincessi|vivessi|guadagnassi|dovessi|io fossi|io avessi), magari, se (io )?*(assi|essi|issi)",
    roles="""(da|come) (un |una |il |la )?(pirata|mago|strega|drago|cavaliere|re|regina|principe|principessa|vampiro|robot|alieno|elfo|nano|fantasma|supereroe
            |cowboy|ninja|samurai|vichingo|unicorno|detective|narratore|personaggio|ia|dio|dea|imperatore)""",
    handling="""traduc*, traduzione, riassum*, riassunto, correg*, correzione, riscriv*, riformul*, parafras*, valuta, vota, classifica, rispondi a, rispondere a, accorcia, migliora
        ortografia, grammatica, rileggi""",
    soft_handling="di (che|cosa) (cosa )?parla, chi (ha scritto|canta|ha detto), spiega, spiegami, analizza, controlla, cosa (significa|vuol dire), commenta, interpreta, leggi",
    texts="""questo, questa, questi, queste, quello, quella, seguente, seguenti, testo, testi, mail, email, e-mail, messaggio, messaggi, lettera, articolo, curriculum, cv
        frase, frasi, paragrafo, saggio, storia, racconto, poesia, canzone, chat, conversazione, modulo, documento, rapporto, citazione, appunti, commento, recensione
        post, pagina, candidatura""",
    speaking="di seguito, quanto segue, scrisse, scrive, ha scritto, dice, disse, ha detto, rispose, ha risposto, ecco, mandato, inviato, citazione, ricevuto, inoltrato, inoltrata",
    self_leads="mi presento, su di me, riguardo a me, su di noi, ricorda, ricordati, non dimenticare, nota, tieni presente",
    salutations="caro, cara, cari, gentile, egregio, ciao, salve, buongiorno, buonasera, spettabile",
    signoffs="cordiali saluti, distinti saluti, saluti, un saluto, un abbraccio, baci, a presto, cordialmente, grazie, con affetto, tuo, tua",
    subjects="oggetto",
    headers="da, a, oggetto, data, inviato, cc",
    resumes="curriculum vitae, curriculum, esperienza lavorativa, esperienze lavorative, esperienza professionale, istruzione, formazione, competenze",
    forgetting="dimentica, dimenticati, dimentichi, dimenticare, dimenticassi, cancella, cancelli, cancellare, elimina, elimini, eliminare, rimuovi, scorda, non ricordare più",
    asking="per favore, che, e, puoi, potresti, adesso, ora, anche, di, favore",
    everything="tutto, tutti, tutte, quello che sai, ciò che sai",
    ending="""divorzi*, separat*, separazione, lasciat*, lasciato, rotto con, trasferit*, andato via, andata via, venduto, venduta, licenziat*, dimess*, mort*, deceduto, deceduta, perso, persa
        non ... più, annullat*, cancellat*, finito, finita, smesso, chiuso, vedov*, pensione, regalato, rubat*, ex marito, ex moglie, il mio ex, la mia ex, prima""",
    corrects="non (il |alle )?[0-9]*, in realtà, volevo dire, intendevo, mi sono sbagliat*, (è|era) sbagliat*, correzione, correggo, non ... ma, invece di, anziché, spostat*, rinviat*, cambiat*, rinominat*, prorogat*, trasferit*, no (è|sono|il|la)",
    fillers="un, una, uno, il, lo, la, i, gli, le, l, sono, è, ora, adesso, attualmente, davvero, anche, veramente, semplicemente, sto, sta",
    numbers="due/2, tre/3, quattro/4, cinque/5, sei/6, sette/7, otto/8, nove/9, dieci/10, undici/11, dodici/12, venti/20, trenta/30, quaranta/40, cinquanta/50, sessanta/60, settanta/70, ottanta/80, novanta/90",
    speaker="io, mio, mia, miei, mie, mi, me, si",
    user="l'utente, utente",
    links="a, al, alla, ai, alle, da, dal, dalla, di, del, della, dei, in, nel, nella, con, senza, per, su, sul, sulla, tra, fra, e, o, ma, perché, che, quando, se, non, mai, più, come, prima, dopo",
    forms="ho/ha, vado/va, faccio/fa, posso/può, voglio/vuole, bevo/beve, vengo/viene, devo/deve, esco/esce, so/sa, capisco/capisce, preferisco/preferisce",
    endings="o/e, o/a",
    denying="non, mai",
    forwarding="messaggi*, inoltrat*",
    wrote="ha scritto",
    states="è, erano, ha, era",
    points="questo, quello",
)
