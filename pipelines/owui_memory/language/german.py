"""German."""

# ruff: noqa: E501  (phrases of a kind stand together)

from .phrases import Phrases

GERMAN = Phrases(
    letters="ßäüö",
    common="""aber, als, am, an, auch, auf, aus, bei, bin, bis, bist, da, das, dass, dein, deine, dem, den, der, des, die, du, ein, eine, einem, einen, einer, er, es, für, hab, habe, haben, hat, hast, hatte, ich, ihm, ihn, ihr, ihre, im, in, ist, ja, kann, mein, meine, meinem, meinen, meiner
        mich, mir, mit, nach, noch, nur, ob, oder, sein, seine, sich, sie, sind, so, über, um, und, uns, von, vor, war, waren, warum, was, welche, wem, wen, wer, wie, wir, wird, wo, zu, zum, zur""",
    known_by="nicht, kein, keine, schon, gern, gerne, jetzt, heute, mehr, sehr, viel, immer, seit, heißt, gibt, bitte, danke, hallo, wieder, weil, wenn, dann, mal, doch, alles, neu, neue, jahre, jahr, zwei, unser",
    own="ich, mein, meine, meinen, meinem, meiner, meines, meins, wir, unser, unsere, unseren, unserem, unserer, unseres, bin, hab, habe, wohne, gefällt, arbeite, heiße, heisse",
    own_verbs="bin, habe, hab, wohne, arbeite, heiße, heisse",
    own_objects="mir, mich, uns",
    requested="""(gib|gebt|sag|sage|erklär|erkläre|zeig|zeige|hilf|nenn|nenne|schreib|schreibe|erzähl|erzähle|mach|mache|such|suche|empfiehl|empfehle|schick|schicke|erstell|erstelle|übersetz|übersetze|find|finde|rate|lies|bring|bringe|beschreib|beschreibe|plane|entwirf|lass|verrate|verrat|formulier|formuliere|fass|berechne|korrigier|korrigiere|merk|generier|generiere|zähl|zähle) (bitte |mal |doch |kurz )?(mir|mich|uns)
        (geben|sagen|erklären|zeigen|helfen|nennen|schreiben|erzählen|machen|suchen|empfehlen|können|könnten|würden|kannst|könntest|würdest|magst|willst) (sie|du) (bitte |mal )?(mir|mich|uns), für (mich|uns)$, (möchte|will|hätte gern*|brauche|suche) ich, meine frage""",
    impersonal="""(wie|womit|wodurch|wofür) _ (ich|wir|man), (brauche|benötige|bräuchte) (ich|wir), was (kann|könnte|soll|sollte|muss|mache|tue|nehme) (ich|wir), wo (finde|kaufe|bekomme|kriege|kann) (ich|wir), (welche|welchen|welches|welcher) ... (brauche|nehme|verwende|benutze|soll|sollte) (ich|wir), wenn (ich|wir), als ob (ich|wir)
        ich (brauche|möchte|will|hätte gern*|suche|bräuchte) (ein|eine|einen|hilfe|dass|ideen|tipps|wissen), ich (frage mich|habe eine frage|würde gern*), (ich bekomme|bekomme ich|ich erhalte) ... (fehler|fehlermeldung), angenommen ich, ich habe ... (fehler|fehlermeldung|datei|tabelle|liste|funktion)""",
    personal="wie (heiße|heiß|bin|wohne|arbeite|lebe|verbringe|feiere|nenne|trinke|schlafe|fahre|komme|reise|fühle|mag) ich (zur|zum|ins|nach|in|am|meist*|normalerweise|immer|gern*|eigentlich|nochmal|denn|mit|mich)?, wie (alt|groß|schwer|lange|oft|viele _) (bin|habe|arbeite|wohne|lebe|mache|trinke) ich",
    keeping="""merk, merke, merken, denk, vergiss, vergessen, immer, niemals, künftig, ab jetzt, ab sofort, von nun an, nenn mich, nenne mich, deine antworten""",
    openers="übrigens, ach ja, na ja, naja, nebenbei, nebenbei bemerkt, apropos, ach, bitte, hallo, hi, hey, ok, okay, also, nun, und, aber, dann, danke, ja, nein, guten morgen, guten tag, kurze frage, so",
    polite="danke, vielen dank, dankeschön, besten dank, herzlichen dank, gern geschehen, alles klar, guten (morgen|tag|abend)",
    addresses="(kannst|könntest|würdest|magst|hilfst|weißt|hast|gibst|erklärst|zeigst|hättest|empfiehlst) du, (können|könnten|würden|wissen|haben|hätten) sie, (hilf|gib|erklär|erkläre|zeig|zeige|nenn|nenne|schreib|schreibe|empfiehl|schick) ... (mir|uns), (was|wie|wo|womit) (soll|sollte|kann|könnte|mache|muss|würdest|rätst|empfiehlst) (ich|du|wir), irgendwelche (tipps|ideen), (tipps|ideen)$, hier ist (mein|meine|der|die|das|was)",
    reacts="(ich )?(hab|habe)('s|s| es| das| alles)? ... (verstanden|kapiert|begriffen), verstanden$, ich (verstehe|sehe|begreife)( das| es| den punkt| jetzt| nun| was du meinst| ja)?$, ich (probier|probiere|versuch|versuche|teste|schau|schaue|überleg|überlege|prüfe) (das|es|mal|mir), das (ergibt|macht) (jetzt )?sinn, das ist (gut|super|toll|klar|perfekt|genau|hilfreich|sehr hilfreich|einleuchtend|genau das|es)$, (klingt|hört sich) gut*, das leuchtet ein, ich melde mich, leuchtet ein, genau (das|so), das hilft, du hast recht, stimmt",
    prefers="ich bevorzuge, ich würde ... bevorzugen, ich (hätte|habe|mag|möchte) ... (lieber|am liebsten), ... ist mir lieber, ... sind mir lieber, mir (ist|sind|wäre|wären) ... lieber, am liebsten (sind|ist|hätte|wäre|habe|mag), ich mag es wenn, ich mag es nicht wenn, ich ziehe ... vor",
    leans_first="(er|sie|es|dies|das) (ist|war|hat|hatte|wird|kann|macht|klingt|sieht|funktioniert|wohnt|lebt|heißt|arbeitet|mag|geht|kommt|spielt|steht|liegt|bellt|passt|gefällt|stört|nervt), (einer|eine|eines|beide|alle|keiner) von (ihnen|denen), (dort|davon|damit|darin|dafür|daran|darauf|deshalb|deswegen|beide) (ist|sind|war|hat|habe|bin|will|wohne|arbeite|haben)",
    leans_last="das, es, ihn, dort, davon, damit, dafür, darauf, daran, beides, den anderen, die andere, das andere",
    leans="ich (glaube|denke|finde|meine) (das|es|der|die|dass (das|es|er|sie)) (ist|sind|war|besser)",
    questions=r"""(wie|was|wo|wann|warum|wieso|woran|worauf|womit|wofür|wohin|woher) _\s(ich|wir|man), (wie|welche|welcher|welches|welchen) _ _ (ich|wir), (gibt es|hast du) ... (tipps|ideen|ratschläge|vorschläge), irgendwelche (tipps|ideen), welche(r|s|n|m)? _ (passt|passen|hilft|helfen|eignet|eignen|brauche|brauchen|nehme|nehmen|trage|esse|wähle|empfiehlst|wäre|lohnt|lohnen|schmeckt),
        (wie|was|wo|wann|warum|wieso|weshalb|wer|wen|wem|woher|wohin|womit|wofür|welche|welcher|welches|welchen) (ist|sind
            |kann|kannst|können|soll|sollte|sollen|muss|müssen|darf|macht|mache|machst|kostet|kosten|bedeutet|heißt|war|hat
            |habe|haben|gibt|koche|finde|bekomme|kaufe|repariere|geht|gehe|funktioniert|wird|wirkt|lerne|schreibe|baue|mach
            |koch|schenke|tue|tun|weiß|wäre|könnte|hilft|brauche|braucht|sagt|sagen|nennt|nehme|melde|richte|werde|würde
            |esse|viel|viele|lange|oft|alt|hoch|weit|groß)
        was für, wie man, wieviel, (kann|darf|soll|sollte|muss|könnte|werde|würde|habe|bin|brauche|hätte) (ich|man|wir|mein
            |meine|jemand), (kannst|könntest|würdest|weißt|hast|bist|magst|willst) du, (können|könnten|würden|wissen|haben) sie
        (ist|sind|hat|haben|gibt|darf|kann) (es|mein|meine|das|der|die|dieser|diese|mir|man), weiß jemand, kennt jemand
        ich (frage mich|würde gern* wissen|möchte wissen|will wissen|wüsste gern*), hat jemand, ob (ich|man|mein|meine), warum, wieso, weshalb, weswegen""",
    requests="""markier*, unterstreich*, finde (den|die) fehler, ich brauche (ein|eine) geschenk, (ideen|rezept|rezepte|tipps|geschenkideen|übungen) für, schreib*, übersetz*, erklär*, beschreib*, gib, geben sie, erstell*, hilf, helfen sie, zeig*, sag, sage, sagen sie, erzähl*
        formulier*, korrigier*, verbesser*, berechne, vergleich*, empfiehl, nenne, nenn mir, nennen sie, liste, fass, fasse
        fassen sie, mach (mir|ein|eine|einen|das|den|die|aus|mal), mache (mir|ein|eine|einen), such mir, suche mir, finde (mir
            |heraus|ein|eine|einen), entwirf, dichte, plane, überprüf*, prüf*, bewert*, beurteil*, klassifizier*, kürz*, vervollständig*
        antworte auf, beantworte, lies, repariere, optimier*, analysier*, schlag* ... vor, rate mir, überleg*, generier*, rechne
        setz* ... fort, spiel (den|die|einen), verhalte dich, du bist (ein|eine|jetzt|mein|meine), stell dich, tu so, ich (brauche
            |möchte|will|hätte gern*|suche) ... (gedicht|rezept|rezepte|liste|text|brief|übersetzung|zusammenfassung|idee|ideen
            |tipps|hilfe|vorschläge|beispiel|beispiele|rat), ich (möchte|will) dass du, ich bräuchte, denk* dir, wandle, ordne""",
    always="immer, nie, niemals, stets, grundsätzlich, merk dir, merke dir, vergiss nicht, nenn mich, nenne mich, antworte immer",
    standing="""ab jetzt, ab sofort, von nun an, künftig, in zukunft, zukünftig, jedes mal, jedesmal, deine antworten, (kurze|knappe|lange|ausführliche) antworten,""",
    supposing="""lass uns (ein |eine )?(rollenspiel|spiel|geschichte), lasst uns (ein )?(rollenspiel|spiel), spielen wir, (als |im )?(ein )?gedankenexperiment, du bist ... und ich bin, angenommen, nehmen wir an, nimm an, stell dir vor, stellen sie sich vor, stellen wir uns vor, gesetzt den fall
        sagen wir, mal angenommen, hypothetisch, theoretisch, rollenspiel, es war einmal, was wäre wenn, in dieser geschichte
        tu so, tun wir so, lass uns (so tun|spielen), wir spielen, im rollenspiel, szenario, gehen wir davon aus, in diesem spiel""",
    conditional="wenn ich (wäre|hätte|könnte|würde|gewänne), wenn ich ... (wäre|hätte|könnte|würde|verdienen|gewinnen), wäre ich, hätte ich, ich wünschte",
    roles="""als (ein |eine |der |die )?(pirat|piratin|zauberer|hexe|drache|ritter|könig|königin|prinz|prinzessin|vampir|roboter|alien
            |elf|elfe|zwerg|geist|superheld|cowboy|ninja|samurai|wikinger|einhorn|detektiv|erzähler|figur|ki|gott|göttin|kaiser)""",
    handling="""(gutes|richtiges|korrektes) (deutsch|englisch|französisch|spanisch), übersetz*, zusammenfass*, fass, fasse, fassen, korrigier*, korrektur*, umformulier*, formulier*, bewert*, beurteil*
        klassifizier*, antworte auf, antworten sie auf, beantwort*, kürz*, verbesser*, gegenlesen, lies, rechtschreib*, grammatik, benot*""",
    soft_handling="worum geht es in, wovon handelt, was will, von wem (ist|stammt), erklär*, analysier*, prüf*, überprüf*, was (bedeutet|heißt), kommentier*, lesen",
    texts="""lied, liedes, songtext, strophe, dies, diese, diesen, dieses, diesem, dieser, das, folgende*, folgenden, unten, oben, text, texte, mail, mails, e-mail
        e-mails, nachricht, nachrichten, brief, artikel, lebenslauf, satz, sätze, absatz, aufsatz, beitrag, geschichte, gedicht
        liedtext, chat, gespräch, protokoll, formular, dokument, bericht, zitat, notizen, kommentar, bewerbung, bewertung, rezension, seite, anschreiben""",
    speaking="im folgenden, folgende*, schrieb, schreibt, sagt, sagte, meinte, antwortete, geschrieben, gesagt, zitat, hier ist, hier sind, hier kommt, erzählte, geschickt, bekommen, weitergeleitet, weitergeleitete, weiterleitung",
    self_leads="stelle mich vor, stell mich vor, was ich, über mich, über uns, zu mir, zu meiner person, merk dir, merke dir, merk dir bitte, vergiss nicht, notiz, zur info, nicht vergessen",
    salutations="sehr geehrte*, liebe, lieber, hallo, hi, guten (tag|morgen|abend), moin, servus, grüezi, werte*",
    signoffs="""mit freundlichen grüßen, mit freundlichem gruß, freundliche grüße, viele grüße, liebe grüße, beste grüße, herzliche grüße
        schöne grüße, lg, mfg, vg, gruß, grüße, dein, deine, ihr, ihre, hochachtungsvoll, bis bald""",
    subjects="betreff, wg, fwd",
    headers="von, an, betreff, datum, gesendet, cc, aw, wg",
    resumes="lebenslauf, berufserfahrung, ausbildung, kenntnisse, beruflicher werdegang, persönliche daten, werdegang",
    forgetting="dass du … (vergisst|löschst), (kannst|könntest|würdest|sollst|darfst) du … (vergessen|löschen), du (kannst|sollst|darfst|solltest) … (vergessen|löschen), (kannst|könntest|würdest) du ... vergessen, merk dir ... nicht mehr, dass du ... (vergisst|löschst), vergiss, vergesst, vergessen, vergisst, lösch, lösche, löschen, löschst, streich, streiche, entferne, merk dir nicht mehr",
    asking="bitte, ich (möchte|will), du, sie, und, jetzt, kannst, könntest, zu, alles, auch, dann",
    everything="alles, was du (über|von) mich, was du (über|von) mir, was du weißt, sämtliche*",
    ending="""geschieden, getrennt, trennung, scheidung, ausgezogen, weggezogen, verkauft, verkaufte, gekündigt, kündigte, gestorben, starb, tot, verstorben
        verloren, entlassen, nicht mehr, kein* ... mehr, abgesagt, aufgegeben, aufgehört, beendet, vorbei, geschlossen, weggegeben, verwitwet, witwe, witwer
        abgebrochen, gestohlen, abgebrannt, eingeschläfert, abgeschafft, pensioniert, in rente, exmann, exfrau, ex-mann, ex-frau, schluss gemacht, aufgelöst
        abgemeldet, fertig mit, früher, abgeschlossen""",
    corrects="nicht (am |um |bis )?[0-9]*, eigentlich, ich meinte, mein fehler, vertan, verschrieben, geirrt, (das|es) (ist|war|stimmt) (falsch|nicht|veraltet), stimmt nicht, korrektur, korrigiere, nicht ... sondern, statt, anstatt, verschoben, verlegt, geändert, umbenannt, verlängert, gewechselt, umgezogen, früher, nein (ich|es|das|mein|meine)",
    fillers="ein, eine, einen, einem, einer, eines, der, die, das, den, dem, des, bin, ist, sind, jetzt, nun, derzeit, aktuell, momentan, gerade, zurzeit, gar, sehr, wirklich, auch, eben, halt, ja, doch, bitte, übrigens, eigentlich, tatsächlich, also",
    numbers="zwei/2, drei/3, vier/4, fünf/5, sechs/6, sieben/7, acht/8, neun/9, zehn/10, elf/11, zwölf/12, zwo/2, zwanzig/20, dreißig/30, vierzig/40, fünfzig/50, sechzig/60, siebzig/70, achtzig/80, neunzig/90",
    speaker="ich, mir, mich, mein, meine, meinen, meinem, meiner, meines, sich",
    user="der nutzer, die nutzerin, dem nutzer, der nutzerin, den nutzer, nutzer, nutzerin, der benutzer, die benutzerin, benutzer",
    links="in, im, am, an, auf, aus, von, vom, zu, zum, zur, mit, ohne, bei, beim, für, über, unter, vor, nach, seit, bis, durch, gegen, zwischen, neben, hinter, als, und, oder, aber, weil, dass, wenn, nicht, kein, keine, keinen, nie, wie, um",
    forms="habe/hat, esse/isst, lese/liest, spreche/spricht, fahre/fährt, schlafe/schläft, trage/trägt, mag/mag, kann/kann, will/will, weiß/weiß, laufe/läuft, helfe/hilft, treffe/trifft, nehme/nimmt, sehe/sieht, gebe/gibt, vertrage/verträgt, werde/wird, arbeite/arbeitet",
    endings="e/t, e/et",
    denying="nicht, nie, niemals",
    denying_after="nicht",
    forwarding="nachricht*, weitergeleitet*",
    wrote="schrieb",
    states="ist, sind, war, waren, hat, hatte",
    points="das, dies, es, was",
)
