"""Told in German."""

from __future__ import annotations

import json

from .script import (
    Scenario,
    add,
    asks,
    gets,
    in_days,
    nothing,
    plan,
    recognise,
    regenerates,
    remove,
    replace,
    says,
    scenario,
    unread,
)

ARTIKEL = "Der Stadtrat hat beschlossen, im nächsten Jahr eine neue Brücke über den Fluss zu bauen. " * 30
PROTOKOLL = """2026-11-20 12:00:01 INFO Dienst gestartet auf Port 8080
2026-11-20 12:00:02 WARN Zwischenspeicher ist leer
2026-11-20 12:00:03 ERROR Verbindung abgelehnt"""
BEKANNT = (
    "Der Nutzer wohnt in Hamburg.",
    "Der Nutzer ist mit Peter verheiratet.",
    "Die Tochter des Nutzers heißt Clara und ist fünf Jahre alt.",
    "Der Nutzer arbeitet als Tischler bei der Firma Holm.",
    "Der Nutzer verträgt keine Milch.",
    "Der Nutzer spielt Geige.",
    "Der Nutzer fährt jeden Winter nach Tirol.",
    "Der Nutzer möchte geduzt werden.",
    "Die Katze des Nutzers heißt Minka.",
)
VORSTELLUNG = says(
    "Ich stelle mich kurz vor: Ich wohne in Hamburg, bin mit Peter verheiratet, und wir haben eine Tochter.",
    *(add(text, kind="profile") for text in BEKANNT),
    chat="Vorstellung",
)


def bekannt_ohne(words: str) -> tuple[str, ...]:
    return tuple(text for text in BEKANNT if words not in text)


SCENARIOS: tuple[Scenario, ...] = (
    scenario(
        "zieht um",
        VORSTELLUNG,
        says(
            "Wir sind von Hamburg nach Leipzig gezogen. Wo finde ich dort einen guten Bäcker?",
            replace("wohnt in Hamburg", by="Der Nutzer wohnt in Leipzig."),
        ),
        holds=(*bekannt_ohne("Hamburg"), "Der Nutzer wohnt in Leipzig."),
        recalls=(asks("In welcher Stadt wohnt der Nutzer?", told="Leipzig", untold="Hamburg"),),
    ),
    scenario(
        "lässt sich scheiden",
        VORSTELLUNG,
        says(
            "Peter und ich haben uns scheiden lassen, ich bin nicht mehr verheiratet.",
            replace("Peter", by="Der Nutzer ist von Peter geschieden."),
        ),
        holds=(*bekannt_ohne("Peter"), "Der Nutzer ist von Peter geschieden."),
        recalls=(asks("Ist der Nutzer mit Peter verheiratet?", told="geschieden", untold="verheiratet"),),
    ),
    scenario(
        "das Kind wird größer",
        VORSTELLUNG,
        says(
            "Clara ist gestern sechs geworden und kommt im Herbst in die Schule!",
            replace("Clara", by="Die Tochter des Nutzers heißt Clara und ist sechs Jahre alt."),
            add("Clara kommt im Herbst in die Schule.", kind="fact"),
        ),
        holds=(
            *bekannt_ohne("Clara"),
            "Die Tochter des Nutzers heißt Clara und ist sechs Jahre alt.",
            "Clara kommt im Herbst in die Schule.",
        ),
        recalls=(asks("Wie alt ist die Tochter Clara?", told="sechs", untold="fünf"),),
    ),
    scenario(
        "wechselt die Arbeit und erzählt es nebenbei",
        VORSTELLUNG,
        says(
            "Schreib bitte eine Absage an die Firma Holm: Ich arbeite ab sofort als Lehrer in Altona.",
            replace("Holm", by="Der Nutzer arbeitet als Lehrer in Altona."),
            answer="Sehr geehrte Damen und Herren, " + "ich danke Ihnen für die Zusammenarbeit. " * 50,
        ),
        holds=(*bekannt_ohne("Holm"), "Der Nutzer arbeitet als Lehrer in Altona."),
    ),
    scenario(
        "bittet, etwas zu vergessen",
        VORSTELLUNG,
        says("Vergiss bitte, dass ich Geige spiele.", remove("Geige")),
        holds=bekannt_ohne("Geige"),
        recalls=(asks("Spielt der Nutzer Geige?", untold="Geige"),),
    ),
    scenario(
        "erzählt wieder, was vergessen werden sollte",
        VORSTELLUNG,
        says("Was frisst Minka, meine Katze, am liebsten?", nothing(), answer="Minka mag sicher Fisch."),
        says("Vergiss bitte meine Katze Minka.", remove("Minka")),
        says(
            "Doch, merk es dir lieber wieder. Meine Katze heißt Minka.",
            add("Die Katze des Nutzers heißt Minka.", kind="profile"),
        ),
        holds=BEKANNT,
    ),
    scenario(
        "was vergessen ist, kommt nicht durch den Assistenten zurück",
        VORSTELLUNG,
        says("Was frisst meine Katze Minka?", nothing(), answer="Deine Katze heißt Minka und mag Fisch."),
        says("Vergiss bitte meine Katze Minka.", remove("Minka")),
        says(
            "Danke, und was muss ich sonst noch einkaufen?",
            add("Die Katze des Nutzers heißt Minka."),
            answer="Katzenfutter für Minka.",
        ),
        holds=bekannt_ohne("Minka"),
    ),
    scenario(
        "verschiebt die Prüfung",
        says(
            "Meine Tochter hat in fünf Tagen Prüfung in Mathematik.",
            add(
                f"Die Tochter des Nutzers hat am {in_days(5)} Prüfung in Mathematik.",
                kind="plan",
                expires=in_days(5),
            ),
        ),
        says(
            "Die Prüfung in Mathematik ist um zwei Wochen verschoben, sagt meine Tochter.",
            replace("Prüfung", by=f"Die Tochter des Nutzers hat am {in_days(19)} Prüfung in Mathematik."),
            chat="zweiter",
        ),
        holds=(
            plan(f"Die Tochter des Nutzers hat am {in_days(19)} Prüfung in Mathematik.", until=in_days(19)),
        ),
        recalls=(asks("Wann ist die Prüfung in Mathematik?", told=in_days(19), untold=in_days(5)),),
    ),
    scenario(
        "die Prüfung ist bestanden",
        says(
            "Ich habe übermorgen Prüfung in Chemie.",
            add(f"Der Nutzer hat am {in_days(2)} Prüfung in Chemie.", kind="plan", expires=in_days(2)),
        ),
        says(
            "Die Prüfung in Chemie war schon heute, und ich habe sie bestanden!",
            replace("Chemie", by="Der Nutzer hat die Prüfung in Chemie bestanden."),
        ),
        holds=("Der Nutzer hat die Prüfung in Chemie bestanden.",),  # without a last day any more
    ),
    scenario(
        "wünscht sich, wie geantwortet wird",
        says(
            "Antworte mir künftig immer in kurzen Sätzen.",
            add("Der Nutzer möchte Antworten in kurzen Sätzen.", kind="preference"),
        ),
        says(
            "Die Sätze dürfen ab jetzt ruhig wieder lang sein.",
            replace("kurzen Sätzen", by="Der Nutzer möchte Antworten in langen Sätzen."),
        ),
        says(
            "Merk dir, dass Clara keine Nüsse verträgt.",
            add("Clara verträgt keine Nüsse.", kind="profile"),
        ),
        holds=("Der Nutzer möchte Antworten in langen Sätzen.", "Clara verträgt keine Nüsse."),
        recalls=(asks("Wie lang sollen Sätze in Antworten sein?", told="langen", untold="kurzen"),),
    ),
    scenario(
        "nichts, was einen Aufruf wert ist",
        unread("Guten Morgen!"),
        unread("Was ist die Hauptstadt von Frankreich?", answer="Paris."),
        unread(PROTOKOLL, answer="Die Verbindung wurde abgelehnt."),
        unread("Fasse das zusammen:\n\n" + ARTIKEL + "\n\nDanke", answer="Es wird eine Brücke gebaut."),
        unread("Übersetze das:\nThe weather is nice today.", answer="Das Wetter ist heute schön."),
        unread("Schreib ein Gedicht über den Herbst.", answer="Goldene Blätter fallen nieder,\n" * 60),
        holds=(),
    ),
    scenario(
        "sagt dasselbe mit anderen Worten",
        VORSTELLUNG,
        says(
            "Milch bekommt mir übrigens nicht.",
            recognise("keine Milch", or_add="Milch bekommt dem Nutzer nicht."),
            chat="Frühstück",
        ),
        says(
            "Im Winter fahre ich ja immer nach Tirol.",
            recognise("Tirol", or_add="Der Nutzer ist im Winter in Tirol."),
            chat="Urlaub",
        ),
        holds=BEKANNT,
    ),
    scenario(
        "neue Antwort, dann bearbeitete Frage",
        says("Mein Bruder Jens wohnt in Kiel.", add("Jens, der Bruder des Nutzers, wohnt in Kiel.")),
        regenerates("Kiel ist schön."),
        says(
            "Mein Bruder Jens wohnt in Köln.",
            add("Jens, der Bruder des Nutzers, wohnt in Köln."),
            edits=True,
        ),
        regenerates("Köln ist auch schön."),
        holds=("Jens, der Bruder des Nutzers, wohnt in Köln.",),
        recalls=(asks("Wo wohnt Jens, der Bruder?", told="Köln", untold="Kiel"),),
    ),
    scenario(
        "eine Antwort auf die Frage des Assistenten, zusammen gelesen",
        says("Hallo!", nothing(), answer="Guten Tag! Wie heißt dein Hund?"),
        says("Waldi.", add("Der Hund des Nutzers heißt Waldi.", kind="profile")),
        unread("Wie alt werden Dackel?", answer="Etwa vierzehn Jahre."),
        holds=("Der Hund des Nutzers heißt Waldi.",),
        at_once=True,
    ),
    scenario(
        "stimmt dem Vorschlag zu, zusammen gelesen",
        unread("Was kann man sonntags in Kiel tun?", answer="Segeln, oder ins Museum gehen."),
        says("Ich würde am liebsten segeln.", nothing(), answer="Soll ich mir merken, dass Sie gern segeln?"),
        says("Ja, bitte!", add("Der Nutzer segelt gern.", kind="preference"), answer="Gemerkt."),
        holds=("Der Nutzer segelt gern.",),
        at_once=True,
    ),
    scenario(
        "das Sprachmodell antwortet in einem Codeblock",
        gets(
            "Ich bin Imker.",
            '```json\n{"operations": [{"op": "add", "text": "Der Nutzer ist Imker."}]}\n```',
        ),
        holds=("Der Nutzer ist Imker.",),
    ),
    scenario(
        "das Sprachmodell behält Kartennummern",
        gets(
            "Meine Karte hat die Nummer 4111 1111 1111 1111, und ich zahle am liebsten bar.",
            json.dumps(
                {
                    "operations": [
                        {"op": "add", "text": "Die Karte des Nutzers hat die Nummer 4111 1111 1111 1111."},
                        {"op": "add", "text": "Der Nutzer hat das Konto DE89 3704 0044 0532 0130 00."},
                        {"op": "add", "text": "Der Nutzer zahlt am liebsten bar.", "kind": "preference"},
                    ]
                }
            ),
        ),
        holds=("Der Nutzer zahlt am liebsten bar.",),
    ),
)
