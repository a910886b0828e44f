"""Polish."""

# ruff: noqa: E501  (phrases of a kind stand together)

from .phrases import Phrases

POLISH = Phrases(
    letters="łąężźćśń",
    common="""a, ale, bo, być, był, była, co, czy, dla, do, gdy, gdzie, go, i, ich, ja, jak, jaki, jakie, jego, jej, jest, już, ją, kiedy, kto, która, które, który, ma, mam, mi, mnie, mój, moja, moje, na, nie, o, od, po, się, są, ta, tak, te, tego, ten, to, tu, ty, u, w, we, z, za, ze, że""",
    own="""ja, mój, moja, moje, mojego, mojej, mojemu, moim, moimi, moich, moją, moi, mną, nasz, nasza, nasze, naszego, naszej, naszym, jestem, mam, mieszkam, gram, czytam, znam, śpiewam, biegam, pływam, używam, unikam, wolę, lubię, pracuję, studiuję, uczę się, urodziłem, urodziłam, noszę, piję, jem, palę, jeżdżę, chodzę, uwielbiam, kocham, nienawidzę, zarabiam, ważę, hoduję, zbieram, trenuję, mówię, boję się, choruję, cierpię, nazywam, interesuję, zajmuję, mamy, mieszkamy, jesteśmy, pochodzę, planuję, wstaję, śpię, spędzam, obchodzę
        (mam|jem) na imię, podoba mi""",
    own_objects="mnie, mi, nam, nas, mną",
    own_endings="łem, łam, liśmy, łyśmy",
    own_first="ę, am",
    own_not="chcę, proszę, dziękuję, potrzebuję, się, też, szukam, pytam, tam, sam, nam, wam, reklam, program, imię, przepraszam, witam, ekran, problem, algorytm, mogę, muszę, kłam*",
    before_verbs="nie, już, teraz, też, także, zawsze, nigdy",
    requested="(daj|powiedz|pokaż|pomóż|napisz|wyjaśnij|wytłumacz|podaj|zrób|znajdź|poleć|zaproponuj|opowiedz|przypomnij|przetłumacz|doradź|stwórz|przygotuj|naucz|wyślij)(cie)? (mi|nam|mnie), (możesz|mógłbyś|mogłabyś|może pan|może pani) ... (mi|nam|mnie), dla (mnie|nas)$, (poleć|polecisz|polecasz|doradzisz) mi",
    impersonal="jak (mogę|mam|powinienem|powinnam|mogłbym|mogłabym) , co (mogę|mam|powinienem|powinnam) (zrobić|użyć|kupić|powiedzieć|napisać|wpisać), gdzie (mogę|znajdę|kupię), czy (mogę|muszę|powinienem|powinnam), gdybym, (jeśli|jeżeli|gdy) (ja|mam|chcę), jakbym, mam (pytanie|błąd|plik|listę|tabelę|problem z), (potrzebuję|chcę|chciałbym|chciałabym|szukam) *, ile ... potrzebuję, zastanawiam się",
    personal="jak (się (nazywam|czuję)|mam na imię|dojeżdżam|spędzam|lubię|piję)",
    keeping="zapamiętaj, pamiętaj, zapomnij, zawsze, nigdy, od teraz, mów mi, mów do mnie, twoje odpowiedzi",
    openers="przy okazji, a propos, swoją drogą, nawiasem mówiąc, och, ach, proszę, cześć, hej, dzień dobry, dobry wieczór, ok, dobra, więc, ale, dzięki, dziękuję, tak, nie, teraz",
    polite="dziękuję, dzięki, dziękuje, wielkie dzięki, nie ma za co, dzień dobry, dobry wieczór, do widzenia, świetnie",
    questions="""jak (mogę|mam|się|naprawić|zrobić|działa|jest|długo|często|można|to|najlepiej|ugotować), jak *ć, gdzie (mogę|jest|są|kupić|znaleźć|można), kiedy (jest|mogę|można|będzie), dlaczego, czemu, ile, czy, co (mam|mogę|to|jest|znaczy|zrobić|polecasz|ugotować)
        jaki, jaka, jakie, kto (to|jest|wie), który, która, które, skąd, dokąd, zastanawiam się, chcę wiedzieć, chciałbym wiedzieć, chciałabym wiedzieć, możesz, mógłbyś, mogłabyś, wiesz""",
    requests="""napisz, przetłumacz, wyjaśnij, wytłumacz, daj, podaj, zrób, stwórz, utwórz, pomóż, powiedz, pokaż, streść, podsumuj, popraw, oblicz, porównaj, zaproponuj, poleć, opisz, wymyśl, zaplanuj, przygotuj, sprawdź, oceń, przepisz
        znajdź, wymień, wygeneruj, przeanalizuj, odpowiedz na, ułóż, napraw, jesteś (moim|moją), potrzebuję ... (wiersza|przepisu|listy|pomocy|pomysłów|tłumaczenia), chcę żebyś""",
    always="zawsze, nigdy, zapamiętaj, pamiętaj, nie zapomnij, mów mi, nazywaj mnie",
    standing="od teraz, od dziś, w przyszłości, za każdym razem, twoje odpowiedzi, (krótkie|długie) odpowiedzi",
    supposing="załóżmy, załóż, przypuśćmy, wyobraź sobie, wyobraźmy sobie, udawaj, udawajmy, powiedzmy, hipotetycznie, teoretycznie, w teorii, dawno temu, odgrywanie ról, w tej historii, zabawmy się",
    conditional="gdybym, gdyby, jeślibym",
    roles="jako (pirat*|czarodziej*|wiedźma|smok|rycerz|król|królowa|książę|księżniczka|wampir|robot|kosmita|elf|krasnolud|duch|superbohater|ninja|detektyw|postać|bóg)",
    handling="przetłumacz*, tłumaczeni*, streść, streszcz*, podsumuj*, popraw*, przepisz, przeredaguj*, oceń, odpowiedz na, skróć, ortografi*, gramatyk*, sprawdź",
    soft_handling="wyjaśnij, wytłumacz, przeanalizuj*, co znaczy, przeczytaj",
    texts="to, ten, ta, te, tę, tego, tej, następując*, poniż*, powyż*, tekst*, mail*, e-mail*, wiadomoś*, list, artykuł*, cv, zdani*, akapit*, esej, opowiadani*, wiersz*, czat, rozmow*, formularz*, dokument*, raport*, cytat*, recenzj*",
    speaking="napisał, napisała, pisze, powiedział, powiedziała, mówi, odpowiedział, oto, przysłał, przysłała, dostałem, dostałam",
    self_leads="o mnie, o nas, zapamiętaj, pamiętaj, nie zapomnij, uwaga",
    salutations="drogi, droga, szanowny, szanowna, szanowni, cześć, witaj, dzień dobry",
    signoffs="z poważaniem, pozdrawiam, pozdrowienia, serdecznie pozdrawiam, z wyrazami szacunku, całuję, do zobaczenia",
    headers="od, do, temat, data, wysłano, dw",
    subjects="temat",
    resumes="curriculum vitae, życiorys, doświadczenie zawodowe, wykształcenie, umiejętności",
    forgetting="zapomnij, zapomniał, zapomniała, zapomnieć, usuń, skasuj, wymaż",
    asking="proszę, żebyś, i, możesz, teraz, też, chcę",
    everything="wszystko, wszystkim, co wiesz",
    ending="rozwiedli, rozwod*, rozwied*, rozstali, wyprowadzi*, przeprowadzi*, sprzeda*, zwolni*, zmarł*, umarł*, nie żyje, straci*, już nie, nie ... już, odwoła*, zrezygnowa*, przesta*, skończy*, zamkn*, wdow*, emerytur*, ukradzi*, skradzi*",
    fillers="teraz, obecnie, bardzo, naprawdę, też, także",
    numbers="dwa/2, trzy/3, cztery/4, pięć/5, sześć/6, siedem/7, osiem/8, dziewięć/9, dziesięć/10, jedenaście/11, dwanaście/12, dwie/2, dwóch/2, dwoje/2, troje/3, trzech/3",
    speaker="ja, mnie, mi, mój, moja, moje, mojego, mojej, się",
    user="użytkownik, użytkowniczka, użytkownika, użytkowniczki",
    links="w, we, na, z, ze, do, od, o, po, za, nad, pod, przed, dla, bez, przez, między, i, lub, ale, bo, że, jak, niż, gdy, jeśli, nie, nigdy",
    forms="jestem/jest, jem/je, mam/ma",
    endings="m/, ę/e, ę/i, em/e",
)
