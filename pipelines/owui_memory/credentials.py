"""What is said to be a password, a PIN or an account number, in a dozen languages: "my password is hunter2"."""

# ruff: noqa: E501, SIM905  (lists of words, a language a line, are read and corrected as text)

from __future__ import annotations

import re
from collections.abc import Iterator

# What may be any word; "(?-i:PIN)" and its like are words of other things in small letters.
_PASSWORDS = (
    r"pass ?-?words?|pw|pass ?-?phrases?|pass ?-?codes?|passwd|pwd|passkey"
    r"|[\w-]*?(?:pass|kenn)w(?:ort|örter)|losungswort"
    r"|mots? de passe|mdp"
    r"|contraseñas?|contrasenas?"
    r"|password|parola d['’]ordine|parola d['’]accesso"
    r"|senhas?|palavras?-passe"
    r"|[\w-]*?wachtwoord(?:en)?"
    r"|has[łl][oa](?![\w])"
    r"|парол[ья]|şifrem?|parolam?"
)
# What a "code" without another word is a secret of.
_PLACES = (
    r"door|gate|house|garage|alarm|safe|building|locker|flat|phone|haustür|tür|tor|garage|tresor|handy|schloss|karte"
    r"|immeuble|porte|portail|carte|coffre|téléphone|puerta|portal|garaje|tarjeta|móvil|portone|porta|cancello"
    r"|cassaforte|carta|cartão|portão|voordeur|deur|poort|kluis|bramy|drzwi|sejfu|karty"
)
# What has figures in it, and of the others more than a year has.
_CODES = (
    r"(?-i:PINs?|PIN)(?:[- ](?:code|number|nummer|kod))?|pin (?:code|number)|pin-?code|cvv2?|cvc2?|security code"
    r"|ssn|social security(?: number)?|pin(?= (?:is|ist|es|é|è|to) \d)"
    r"|(?:door|gate|alarm|access|entry|lock|safe|unlock|recovery|backup|verification|one-time|2fa|lockbox|garage"
    r"|building|house|phone|locker|shed|lobby|bike|vault|screen|sim) ?"
    r"(?:code|combination)s?|combination(?= (?:to|of|for) (?:the|my|our) (?:safe|lock|locker))"
    rf"|(?:codes?|código|codice|kod)(?: (?:[^\W\d_]{{1,8}}['’ ]){{1,4}}(?:{_PLACES}))"
    r"|geheimzahl|geheimnummer|pin-?nummer|(?-i:TAN)|kartenprüfnummer|sozialversicherungsnummer"
    r"|(?:zugangs|zugriffs|tür|tor|alarm|sicherheits|entsperr|bestätigungs)-?code"
    r"|code (?:pin|secret|confidentiel|d['’]accès|d['’]entrée|de la porte|de l['’]alarme)|digicode|cryptogramme"
    r"|numéro de sécurité sociale"
    r"|(?:código|codigo|clave) (?:pin|secret[oa]|de acceso|de seguridad|de la alarma|de la puerta)|(?:el|mi) nip"
    r"|codice (?:pin|segreto|di sicurezza|di accesso|dell['’]allarme|del cancello)"
    r"|código (?:de acesso|de segurança|do alarme|da porta)"
    r"|(?:toegangs|beveiligings|alarm|deur)-?code|kod (?:pin|dostępu|do (?:domofonu|alarmu|bramy|drzwi))|пин-?код[а-я]*"
)
_NUMBERS = (
    r"(?:credit|debit|bank|visa) ?card(?: number)?|card number|(?:bank |checking |savings )?account (?:number|no\.?)"
    r"|routing number|sort code|kontonummer|kreditkarten(?:nummer|-nr\.?)|kreditkarte|kartennummer"
    r"|numéro de (?:compte|carte(?: bancaire| bleue| de crédit)?)"
    r"|número de (?:cuenta|(?:la )?tarjeta(?: de crédito)?)|numero (?:di|del) (?:conto|carta)(?: di credito| corrente)?"
    r"|número (?:da conta|do cartão(?: de crédito)?)|rekeningnummer|(?:creditcard|kaart)nummer|creditcard"
    r"|numer (?:konta|karty(?: kredytowej)?|rachunku)|номер карты|номер сч[её]та"
)
# What is of letters and figures.
_KEYS = (
    r"(?:api|secret|private|access|licen[cs]e|encryption|signing|product|activation|wpa2?|wi-?fi|wlan|network) ?-?keys?|(?:access|auth|bearer|api|bot|refresh) ?-?token|bearer"
    r"|client secret|(?:api|lizenz|wlan|netzwerk|zugangs)-?schlüssel|zugangstoken"
    r"|clés? (?:d['’])?(?:api|wi-?fi|wpa)|jeton d['’]accès|claves? (?:del? )?(?:la )?(?:api|wi-?fi)|chiave (?:api|wi-?fi)|chave (?:da |de )?api"
    r"|api-?sleutel|klucz(?:a|em)? api"
)
_PHRASES = (
    r"seed phrase|recovery phrase|secret phrase|mnemonic(?: phrase)?|pass ?-?phrase|passphrase"
    r"|phrase (?:de récupération|secrète)|frase (?:semilla|de recuperación|di recupero)|frase-semente"
    r"|wiederherstellungsphrase|herstelzin"
)
# How all of these begin, in small letters. Looking for them is quick, and most texts have none.
_STEMS = tuple(
    (
        "pass,pw,kennw,losungsw,mot de passe,mots de passe,mdp,contrase,parola,senha,palavra,palavras,wachtw,hasł,hasl,парол"
        ",şifre,pin,cvv,cvc,security code,ssn,social sec,door,gate,alarm,access,entry,lock,safe,unlock,recovery,backup"
        ",verification,one-time,2fa,garage,building,house,phone,locker,shed,lobby,bike,vault,screen,sim,combination"
        ",code,código,codigo,codice,kod,geheimz,geheimn,tan,kartenp,sozialv,zugangs,zugriffs,tür,tor,sicherheits"
        ",entsperr,bestätig,digicode,crypto,numéro de,clave,el nip,mi nip,toegang,beveilig,deur,пин,credit card,debit card"
        ",bank card,visa card,card number,bank acc,checking acc,savings acc,account n,routing,sort code,kontonum"
        ",kreditk,kartennum,número d,numero d,rekening,creditcard,kaartnum,numer ,номер ,api,secret,private,license"
        ",licence,encryption,signing,product,activation,wpa,wifi,wi-fi,wlan,network,auth,bearer,bot,refresh,client sec"
        ",lizenz,netzwerk,zugangst,clé,jeton,chiave,chave,klucz,seed,mnemonic,phrase,frase,wiederherst,herstelz"
    ).split(",")
)
_DENSE_STEMS = ("密码", "密碼", "口令", "パスワード", "暗証番号", "비밀번호")

_LINK = (  # between the name and the value: "is", also of a change
    r"(?:\s*[:=]+\s*|\s*[(]\s*|\s+[-–—]+\s+|,?\s*(?:は|が|是|为|為|은|는)\s*:?\s*"
    r"|\s+(?:is|was|are|has been|used to be|to(?! (?:my|our|the|your|his|her|reset|change)\b)|will be|reads|ist|war|lautet|lautete|auf(?! (?:mein|dein|dem|der|den|die|das))|heißt|est|était|sera|es|era|será|è|era|sarà|é|foi"
    r"|wordt|was|naar|luidt|jest|było|brzmi|na|это|olarak)"
    r"(?:\s+(?:now|still|currently|just|simply|always|also|not?w|jetzt|nun|noch|einfach|maintenant|toujours|ahora"
    r"|todavía|adesso|ora|agora|nu|nog|teraz|nadal|either|probably|set to|called))?\s*:?\s+"
    r"|['’]s\s+)"
)
_OF = r"(?:\s+(?!(?:is|ist|est|es|è|é|jest|was|war|and|or|und|et|y|e|en|i|oder|manager|reset)\b)[^\s.!?:;=,()]{1,24}){0,6}?"
_QUOTED = r"[\"'“”„«»‘’`]"
_VALUE = rf"(?P<value>{_QUOTED}[^\n\"“”„«»`]{{2,64}}?{_QUOTED}(?!\w)|\S+)"
_END = r"(?![^\W_])"

_NAME = re.compile(rf"(?:{_PASSWORDS}|{_CODES}|{_NUMBERS}|{_KEYS}|{_PHRASES}){_END}", re.I)
_PASSWORD = re.compile(rf"(?:{_PASSWORDS}){_END}{_OF}{_LINK}{_VALUE}", re.I)
_PASSWORD_DENSE = re.compile(rf"\w{{2,5}}?{_LINK}{_VALUE}")
_PASSWORD_AT_ONCE = re.compile(rf"(?:{_PASSWORDS}){_END}\s+(?P<value>\S{{4,64}})", re.I)
_KEY = re.compile(rf"(?:{_KEYS}){_END}(?:{_OF}{_LINK}|\s+){_VALUE}", re.I)
_CODE = re.compile(
    rf"(?:(?P<number>{_NUMBERS})|{_CODES}){_END}(?:{_OF}{_LINK}(?:(?:the|le|la|el|il|o|die|de)\s+)?|\s+)"
    r"(?P<value>[#*]?\d(?:[ .-]?[\dA-F]){2,22}[#*]?)(?![\w%€$£]|[.,:/]\d)",
    re.I,
)
_PHRASE = re.compile(rf"(?:{_PHRASES}){_END}{_OF}{_LINK}(?P<value>[^.!?\n]+)", re.I)
_BEFORE = re.compile(  # what stands in front of the name
    r"(?<!\S)(?P<value>\S{4,64})\s+(?:is|as|ist|als|est|comme|es|como|è|come|é|to|jest|jako)\s+"
    r"(?:(?:my|the|our|your|mein|meine|das|die|unser|mon|le|notre|mi|la|el|nuestra|il|mia|a|minha|mijn|het|moje|moim)\s+)?"
    r"(?:[^\s.!?:;=]{1,24}\s+){0,2}\Z",
    re.I,
)
_CHINESE_VALUE = re.compile(r"[!-~]{4,}")
_TRAILING = ".,;:!?)]}…\"'“”„«»‘’`"
_LEADING = "([{\"'“”„«»‘’`"

# After "my password is": what is said of a password, not the password.
_WORDS_OF_IT = frozenset(
    (
        "a an the my your our their its his her in on at for from by with not no never only so too very really quite "
        "probably always already still also just being been about all any some something somewhere stored saved kept "
        "written hidden hashed encrypted wrong incorrect right correct weak strong secure insecure safe unsafe easy "
        "hard difficult long longer short shorter simple complex complicated expired expiring outdated old new "
        "different same unique random required needed missing lost forgotten gone leaked compromised stolen changed "
        "changing reset rejected accepted invalid valid unknown known secret private public important useful useless "
        "terrible bad good great fine okay ok broken working what where why how which that this it there here case "
        "sensitive better worse stronger weaker safer annoying empty blank visible hidden shared managed generated "
        "rotated protected refused denied used one two three four five six eight ten twelve sixteen characters "
        "nothing everything none change be do get have keep reset something and or but if when then "
        # German
        "ein eine einen der die das mein meine dein in im auf bei für von mit nicht kein nie nur so zu sehr wirklich "
        "schon noch auch immer falsch richtig schwach stark sicher unsicher einfach schwer schwierig lang kurz zu "
        "abgelaufen alt neu anders gleich weg vergessen verloren geleakt geändert gesperrt ungültig gültig unbekannt "
        "bekannt geheim wichtig gespeichert notiert schlecht gut okay leer was wo warum dass es hier da erforderlich "
        "nötig länger kürzer besser schlechter "
        # French
        "un une le la les mon ma mes ton ta dans sur pour par de avec pas trop très vraiment toujours jamais "
        "faible fort forte faux incorrect correct facile difficile long court expiré perdu oublié nouveau ancien "
        "différent même unique changé compromis invalide valide inconnu secret enregistré stocké mauvais bon vide "
        "simple complexe sûr sécurisé bien plus "
        # Spanish
        "una el los las mi tu en para por con no muy demasiado siempre nunca débil fuerte segura seguro "
        "incorrecta correcta fácil difícil larga corta caducada perdida olvidada nueva vieja antigua diferente misma "
        "única inválida válida desconocida secreta guardada mala buena vacía sencilla compleja mejor "
        # Italian
        "il lo gli nel nella sul per con non troppo molto sempre mai debole forte sicura errata sbagliata "
        "corretta facile difficile lunga corta scaduta persa dimenticata nuova vecchia diversa stessa unica valida "
        "sconosciuta segreta salvata cattiva buona vuota semplice complessa "
        # Portuguese
        "um uma o os as meu minha no na não muito demais sempre nunca fraca forte segura errada correta fácil "
        "longa curta expirada perdida esquecida nova velha antiga diferente mesma inválida desconhecida secreta "
        "guardada má boa vazia simples complexa "
        # Dutch
        "een het mijn op bij voor van met niet geen nooit altijd te zeer zwak sterk veilig onveilig fout onjuist "
        "juist makkelijk moeilijk lang kort verlopen kwijt vergeten nieuw oud anders hetzelfde gewijzigd ongeldig "
        "geldig onbekend geheim opgeslagen slecht goed leeg "
        # Polish
        "w na do dla od z nie bardzo zbyt za zawsze nigdy słabe silne bezpieczne niebezpieczne złe błędne "
        "niepoprawne poprawne łatwe trudne długie krótkie wygasłe zgubione zapomniane nowe stare inne takie same "
        "nieważne ważne nieznane tajne zapisane dobre puste proste moje "
        # Russian, Turkish
        "не в на для очень слишком слабый сильный неверный правильный новый старый истёк потерян забыт çok zayıf "
        "güçlü yanlış doğru yeni eski"
    ).split()
)
# In sentences, and in no phrase that a wallet makes.
_SMALL_WORDS = frozenset(
    "a an the my our your is are was be in on at to of for from by and or it its der die das den im in zu mit und ist "
    "le la les de du des un une et en el los y que il di e o os da do em een het van op i w na do".split()
)
_FEWEST_CHARS, _FEWEST_KEY_CHARS, _FEWEST_PHRASE_WORDS = 4, 8, 4
_LOOKED_CHARS, _PHRASE_CHARS, _BEFORE_CHARS, _COMPOUND_CHARS = 300, 400, 120, 40
_YEAR_CHARS = 6  # of figures, with a month


def said_secrets(text: str) -> Iterator[tuple[int, int]]:
    """Where in a text stands what it says to be a secret."""
    small = text.lower()
    if len(small) != len(text):  # a letter of another size would move all that follows
        small = "".join(char.lower() if len(char.lower()) == 1 else char for char in text)
    starts = {_begin_of_word(small, at) for stem in _STEMS if stem in small for at in _places(small, stem)}
    for start in sorted(starts):
        if _NAME.match(text, start):
            yield from _said_at(text, start)
    for stem in _DENSE_STEMS:
        for start in _places(small, stem):
            if match := _PASSWORD_DENSE.match(text, start, start + _LOOKED_CHARS):
                yield from _value(text, match, bare=True)


def _places(text: str, stem: str) -> Iterator[int]:
    at = text.find(stem)
    while at >= 0:
        yield at
        at = text.find(stem, at + len(stem))


def _begin_of_word(text: str, at: int) -> int:
    """The name may be the end of a compound: Wlan-Passwort."""
    first = max(at - _COMPOUND_CHARS, 0)
    while at > first and (text[at - 1].isalnum() or text[at - 1] in "-_"):
        at -= 1
    return at


def _said_at(text: str, start: int) -> Iterator[tuple[int, int]]:
    """What the name that starts there is said to be, or is followed by, or follows."""
    end = start + _LOOKED_CHARS
    match = _CODE.match(text, start, end)
    if match and (not match["number"] or sum(map(str.isdigit, match["value"])) > _YEAR_CHARS):
        yield match.span("value")
    if match := _PASSWORD.match(text, start, end):
        yield from _value(text, match, bare=True)
    if match := _KEY.match(text, start, end):
        yield from _value(text, match, bare=False)
    if match := _PHRASE.match(text, start, start + _PHRASE_CHARS):
        words = [word.strip(_TRAILING).casefold() for word in match["value"].split()]
        if len(words) >= _FEWEST_PHRASE_WORDS and _SMALL_WORDS.isdisjoint(words):
            yield match.span("value")
    before = max(start - _BEFORE_CHARS, 0)
    for match, moved in (
        (_PASSWORD_AT_ONCE.match(text, start, end), 0),
        (_BEFORE.search(text[before:start]), before),
    ):
        value = _stripped(match["value"]) if match else ""
        if match and _looks_made(value, _FEWEST_CHARS):
            begin = moved + match.start("value") + match["value"].index(value)
            yield begin, _tail(text, begin + len(value))


def _value(text: str, match: re.Match[str], *, bare: bool) -> Iterator[tuple[int, int]]:
    """The value of a password or a key, unless it is a word about one; `bare`: it may be a word like any other."""
    shown = match["value"]
    start = match.start("value")
    value = _stripped(shown)
    is_quoted = len(value) < len(shown) and bool(re.match(_QUOTED, shown)) and shown[-1] not in ".,;:!?"
    begin = start + shown.index(value) if value else start
    if bare and value and not value.isascii() and (ascii_part := _CHINESE_VALUE.search(value)):
        value, begin = ascii_part[0], begin + ascii_part.start()
    if not value:
        return
    made = _looks_made(value, _FEWEST_CHARS if bare else _FEWEST_KEY_CHARS)
    word = bare and len(value) >= _FEWEST_CHARS and value.casefold() not in _WORDS_OF_IT
    if made or (word and (is_quoted or _ends_there(text, begin + len(value)))):
        yield begin, _tail(text, begin + len(value))


def _tail(text: str, end: int) -> int:
    """With what may belong to a password or end the sentence: better left out than told."""
    while text[end : end + 1] in ("!", "?"):
        end += 1
    return end


def _stripped(shown: str) -> str:
    return shown.lstrip(_LEADING).rstrip(_TRAILING) or shown.strip("\"'`")


def _looks_made(value: str, fewest: int) -> bool:
    """Not like a word of a sentence: with figures or signs among its letters."""
    if len(value) < fewest or "://" in value:
        return False
    inner = value[1:-1]
    mixed = any(map(str.isdigit, value)) and any(map(str.isalpha, value))
    signs = any(char in "!@#$%^&*_+=|~?<>" for char in inner) or value[-1] in "!@#$%^&*"
    figures = value.isdigit() and len(value) >= fewest
    return mixed or signs or figures or bool(re.search(r"[a-z][A-Z]", value))


def _ends_there(text: str, end: int) -> bool:
    """Whether a clause ends here: a single word that follows "is" is then the thing itself."""
    rest = text[end : end + 8].lstrip(_TRAILING.replace(",", ""))
    return (
        not rest.strip()
        or text[end : end + 1] in ".,;!?\n)"
        or bool(re.match(r"\s+(?:and|und|et|y|e|en|i|but)\b", text[end:]))
    )
