"""Dutch."""

# ruff: noqa: E501  (phrases of a kind stand together)

from .phrases import Phrases

DUTCH = Phrases(
    common="""aan, als, bij, dan, dat, de, der, deze, die, dit, door, een, en, er, had, heb, hebben, heeft, het, hij, hoe, hun, ik, in, is, je, jij, kan, maar, me, met, mij, mijn, naar, niet, nog, of, om, ons, ook, op, over, te, tot, uit, van, voor, waar, waarom, wanneer, was, wat, we, wel, welke, wie, wij, wordt, zal, ze, zich, zijn, zo""",
    known_by="geen, wel, graag, veel, altijd, hier, daar, nu, heel, erg, jaar, twee, bedankt, hallo, omdat, als, ook, mijn, werk, woon",
    own="ik, mijn, m'n, mijne, mezelf, mijzelf, wij, we, onze, ben, heb",
    own_objects="mij, me, ons",
    requested="(geef|vertel|zeg|laat|help|leg|schrijf|stuur|toon|maak|zoek|noem|leer|bedenk|vertaal|raad|beschrijf|bereken) (eens |even )?(me|mij|ons), (kun|kan|wil|zou|kunt|zoudt) (je|u|jij) (me|mij|ons), voor (me|mij|ons)$, (leg|laat) ... (me|mij) (uit|zien)",
    impersonal="""(hoe|waarmee) _ (ik|we|je|men), (heb|heeft|hebben) (ik|we|je) ... nodig, wat (kan|moet|zou|doe|gebruik) (ik|we|je), waar (kan|koop|vind|kan) (ik|we|je), als (ik|we|je), alsof (ik|we), welke ... (moet|kan|gebruik|neem) (ik|we), ik (zoek|wil|heb) (een|hulp|dat je|weten), ik (vraag me af|heb een vraag|wil graag|zou graag), ik krijg ... (fout|foutmelding), stel dat ik""",
    personal="hoe (heet|ben|woon|werk|leef|drink|reis|vier|slaap) ik, hoe (oud|lang|groot|zwaar|vaak|veel _) (ben|heb|werk|woon|sport) ik, hoe ga ik (meestal|altijd|naar)",
    keeping="onthoud, vergeet, altijd, nooit, voortaan, vanaf nu, noem me, noem mij, je antwoorden",
    openers="trouwens, overigens, tussen haakjes, oh, ach, alsjeblieft, alstublieft, hallo, hoi, hey, goedemorgen, goedendag, ok, oké, nou, en, maar, dan, bedankt, dank je, ja, nee",
    polite="bedankt, dank je, dank u, dankjewel, hartelijk dank, graag gedaan, goedemorgen, goedenavond, tot ziens, prima",
    questions="""(hoe|waar|wanneer|waarom) _ (ik|we|je|men), ik (wil|zou) (graag |wel )?... weten, (enige|wat) (tips|ideeën), (hoe|wat|waar|wanneer|waarom|wie|welke|welk) (is|zijn|kan|kun|moet|mag|zal|heb|heeft|doe|maak|werkt|kost|betekent|krijg|vind|koop|repareer|kook|ga|veel|lang|oud|vaak|zou|raad)
        (kan|mag|moet|zal|zou|ben|heb) (ik|mijn|je|men), (kun|kan|wil|zou|weet|heb) (je|u), is (het|er|mijn|dit|dat), zijn (er|mijn), weet iemand, ik (vraag me af|wil weten|zou graag weten), waarom""",
    requests="""lees (deze|dit|de|het|mijn|even), nakijken, schrijf, vertaal, vat, leg uit, geef, maak (me|een|mijn|dit), help, toon, laat zien, vertel, corrigeer, verbeter, bereken, vergelijk, stel ... voor, noem (een|drie|vijf), herschrijf, controleer
        beoordeel, bedenk, plan (een|mijn), zoek (een|mijn|voor), ontwerp, genereer, analyseer, antwoord op, beantwoord, ik (heb|wil|zoek) ... (gedicht|recept|lijst|tekst|brief|vertaling|hulp|tips|ideeën) , ik wil dat je, je bent (een|mijn)""",
    always="altijd, nooit, onthoud, vergeet niet, noem me, noem mij",
    standing="vanaf nu, voortaan, in de toekomst, elke keer, je antwoorden, (korte|lange) antwoorden",
    supposing="laten we een (rollenspel|spel|spelletje), laten we ... spelen, (jij bent|je bent) ... en ik ben, stel, stel dat, stel je voor, stel u voor, veronderstel, doe alsof, laten we (zeggen|aannemen|doen alsof|spelen), hypothetisch, in theorie, er was eens, rollenspel, in dit verhaal",
    conditional="als ik (was|had|kon|zou), was ik, had ik",
    roles="als (een )?(piraat|tovenaar|heks|draak|ridder|koning|koningin|prins|prinses|vampier|robot|alien|elf|dwerg|geest|superheld|ninja|detective|personage|god)",
    handling="lees, nalezen, nakijken, vertaal*, vertaling, vat, samenvat*, corrigeer*, herschrijf*, verbeter*, beoordeel*, antwoord op, beantwoord, verkort, spelling, grammatica, nakijk*",
    soft_handling="leg uit, analyseer*, controleer*, wat betekent, lees",
    texts="dit, deze, dat, die, volgende, hieronder, hierboven, tekst, mail, e-mail, email, bericht, brief, artikel, cv, zin, zinnen, alinea, opstel, verhaal, gedicht, chat, gesprek, formulier, document, verslag, citaat, recensie",
    speaking="schreef, schrijft, zei, zegt, antwoordde, geschreven, gezegd, hier is, gestuurd, ontvangen, doorgestuurd, doorgestuurde",
    self_leads="over mij, over mezelf, over ons, onthoud, vergeet niet, let op",
    salutations="beste, geachte, lieve, hallo, hoi, goedemorgen",
    signoffs="met vriendelijke groet, met vriendelijke groeten, groeten, groetjes, vriendelijke groet, liefs, hoogachtend, mvg",
    headers="van, aan, onderwerp, datum, verzonden, cc",
    subjects="onderwerp",
    resumes="curriculum vitae, werkervaring, opleiding, vaardigheden",
    forgetting="dat je … (vergeet|wist|verwijdert), (kun|kan|wil|zou) (je|u) … (vergeten|wissen|verwijderen), onthoud … niet (meer|langer), onthou … niet meer, vergeet, vergeten, wis, verwijder, schrap",
    asking="ik wil, ik wil graag, alsjeblieft, je, en, wil, kun, ook, dan, graag",
    everything="alles, wat je (weet|over)",
    ending="gescheiden, uit elkaar, verhuisd, verkocht, ontslagen, ontslag, overleden, dood, gestorven, verloren, niet meer, geen ... meer, afgezegd, geannuleerd, opgegeven, gestopt, gesloten, weduwe, weduwnaar, pensioen, gestolen",
    fillers="trouwens, overigens, een, de, het, ben, is, zijn, nu, momenteel, heel, erg, echt, ook, tegenwoordig",
    numbers="twee/2, drie/3, vier/4, vijf/5, zes/6, zeven/7, acht/8, negen/9, tien/10, elf/11, twaalf/12",
    speaker="ik, mij, me, mijn, zich",
    user="de gebruiker, gebruiker",
    links="in, op, aan, van, naar, met, zonder, bij, voor, over, onder, na, tot, door, tegen, tussen, uit, en, of, maar, omdat, dat, als, niet, geen, nooit, dan",
    forms="heb/heeft, ga/gaat, doe/doet, kan/kan, wil/wil, eet/eet",
    endings="/t, oon/oont, erk/erkt",
    denying="niet, nooit",
    denying_after="niet, nooit",
    forwarding="bericht, doorgestuurd*",
    wrote="schreef, het volgende geschreven",
)
