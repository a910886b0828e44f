"""What secrets are called, and what is said around their names: a language a line.

Small letters; `^`: in the text in capitals only; a space stands for -, _ and a line's end too. Words of five letters and more are also found at
the end of a compound and with an ending. `~` before a word: it means other things as well, so that only what
looks like a password is taken for one.
"""

# ruff: noqa: E501, SIM905  (lists of words are read and corrected as text)

from __future__ import annotations

from collections.abc import Iterator, Sequence


def rows(table: str) -> Iterator[tuple[str, Sequence[str]]]:
    """Languages and words of each line."""
    for line in table.strip().splitlines():
        languages, _, words = line.partition(":")
        yield languages, [word.strip() for word in words.split(",") if word.strip()]


PASSWORDS = """
en: password, pass word, passphrase, pass phrase, passcode, pass code, passwd, pwd, pw, security question, secret answer
de: passwort, passwört, kennwort, kennwört, losungswort, sicherheitsfrage
fr: mot de passe, mots de passe, mdp, question de sécurité
es: contraseña, contrasena, ~clave, pregunta de seguridad
ca eu gl: contrasenya, pasahitz, contrasinal
it: parola d'ordine, parola d'accesso, parola d’ordine, parola chiave, domanda di sicurezza
pt: senha, palavra passe, palavras passe, pergunta de segurança
nl af: wachtwoord, toegangswoord, beveiligingsvraag, wagwoord
sv: lösenord, losenord, lösenfras, ~lösen
da: adgangskode, kodeord, løsen
no: passord, passfrase
is: lykilorð, aðgangsorð
fi: salasana, salasano, salalause, tunnussana
et lv lt: salasõna, parool, ~parole, slaptažod
pl: hasło, hasła, haslo, hasłem, haśle
cs sk: heslo, hesla, heslem, hesl
sl hr sr bs: geslo, lozink, lozinc, zaporka, лозинк
hu: jelszó, jelszav, jelsza, jelmondat
ro: ~parola, ~parolă, parolei, parole wifi, ~parolele
tr az uz: şifre, sifre, ~parola, parol, şifrə
el: κωδικό πρόσβασης, κωδικός πρόσβασης, ~κωδικό, συνθηματικ
ru: пароль, пароля, паролем, паролі, парол, кодовое слово
uk be bg mk kk mn: гасло, пароля, пароль, парола, лозинка, құпиясөз, құпия сөз, нууц үг, нууц угийг
he: ססמה, ססמת, ססמא, סיסמה, סיסמא, סיסמת, הסיסמ
ar: كلمة المرور, كلمة مرور, كلمة السر, كلمة سر, الرقم السري, باسوورد, باسورد
fa ur: گذرواژه, رمز عبور, کلمه عبور, پسورد, پاس ورڈ, پاسورڈ
hi mr ne: पासवर्ड, पास वर्ड, कूटशब्द, गुप्त शब्द
bn gu pa: পাসওয়ার্ড, পাসওয়ার্ড, પાસવર્ડ, ਪਾਸਵਰਡ
ta te kn ml si: கடவுச்சொல், పాస్‌వర్డ్, పాస్వర్డ్, ಪಾಸ್‌ವರ್ಡ್, ಪಾಸ್ವರ್ಡ್, പാസ്‌വേഡ്, പാസ്വേഡ്, මුරපදය
vi: mật khẩu, mat khau
id ms tl: kata sandi, kata laluan, sandi wifi, password ko
sw sq ga cy: nenosiri, neno la siri, fjalëkalim, pasfhocal, cyfrinair
ka hy: პაროლ, գաղտնաբառ
"""
# In code alone: `ADMIN_PASS=`, `STRIPE_KEY=`.
IDENTIFIERS = """
all: pass, key, auth, credential, credentials, creds, cred
"""
# Behind these a name and a password: "WiFi: HomeNet / tulip22".
LOGINS = """
all: login, log in, logins, basic auth, credentials, creds, wifi, wi fi, wlan, account, zugang, zugangsdaten, anmeldung, identifiants, connexion, accesso, acceso, cuenta, konto, inloggning, kirjautuminen, logowanie, přihlášení, giriş, вход, логин, логін, access
"""
USERS = frozenset(
    """
login, user, username, user name, user id, benutzer, benutzername, usuario, utilisateur, identifiant,
utente, gebruiker, użytkownik, uživatel, логин, account, email, e mail, mail
""".replace("\n", " ")
    .strip()
    .split(", ")
)
# Written without spaces.
DENSE_PASSWORDS = """
zh: 密码, 密碼, 口令, 通行码
ja: パスワード, パスコード, パスフレーズ, 暗証番号, 合言葉
ko: 비밀번호, 비번, 암호, 패스워드
th lo km my: รหัสผ่าน, รหัสลับ, พาสเวิร์ด, ລະຫັດຜ່ານ, ពាក្យសម្ងាត់, លេខសម្ងាត់, စကားဝှက်
"""
DENSE_CODES = """
zh: 验证码, 驗證碼, 动态码, 门禁码, 身份证号, 身份证号码, 取款密码
ja: 認証コード, 確認コード, ワンタイムパスワード, マイナンバー, 個人番号
ko: 인증번호, 인증 번호, 주민등록번호, 도어락 번호, 핀번호
th: รหัส otp, รหัสพิน, เลขบัตรประชาชน
"""

# A few figures that open something.
CODES = """
en: pin, pins, pin code, pin number, pincode, pin no, puk, cvv, cvv2, cvc, cvc2, security code, verification code, one time code, one time password, login code, sign in code, 2fa code, sms code, otp, otp code, auth code, authentication code, confirmation code, recovery code, backup code, access code, entry code, unlock code, door code, gate code, alarm code, garage code, keypad code, lockbox code, safe code
de: geheimzahl, geheimnummer, pin nummer, pinnummer, ^tan, kartenprüfnummer, prüfziffer, bestätigungscode, sicherheitscode, zugangscode, zugriffscode, entsperrcode, einmalcode, türcode, tan nummer
fr: code pin, code secret, code confidentiel, code d'accès, code d’accès, code d'entrée, digicode, cryptogramme, code de vérification, code de confirmation, code sms
es: código pin, código de verificación, codigo de verificacion, código de seguridad, código de acceso, código secreto, clave de acceso, el nip, mi nip
it: codice pin, codice segreto, codice di verifica, codice di sicurezza, codice di accesso, codice otp
pt: código pin, código de verificação, código de segurança, código de acesso
nl: pincode, verificatiecode, beveiligingscode, toegangscode, inlogcode
sv da no: pinkod, pin kod, kodlås, säkerhetskod, bekräftelsekod, engångskod, verifieringskod, portkod, dørkode, pinkode, engangskode, bekreftelseskode, bekræftelseskode, sikkerhedskode
fi et: pin koodi, vahvistuskoodi, turvakoodi, ovikoodi, kertakäyttökoodi, kinnituskood
pl: kod pin, kod weryfikacyjny, kod dostępu, kod do domofonu, kod sms, kod z sms, kod jednorazowy, numer pin
cs sk: pin kód, ověřovací kód, bezpečnostní kód, kód z sms, overovací kód, bezpečnostný kód
hu ro: pin kód, belépési kód, ellenőrző kód, megerősítő kód, cod pin, codul pin, pinul, cod de verificare, codul de verificare, codul de acces
tr: pin kodu, doğrulama kodu, güvenlik kodu, onay kodu
el: κωδικός pin, κωδικός επαλήθευσης, το pin
ru uk bg: пин код, пинкод, пин, пін код, пін, код подтверждения, код из смс, код доступа, код от домофона, код підтвердження, код за потвърждение
he ar fa: קוד אימות, קוד סודי, קוד כניסה, רمز التحقق, رمز التحقق, الرمز السري, رمز الدخول, کد تایید, رمز پویا
hi: पिन, ओटीपी, otp
vi id: mã pin, mã xác nhận, mã xác minh, mã otp, kode otp, kode verifikasi, kode pin, nomor pin
"""
# With a place or a thing of the next table in the same sentence, a code or a key is a secret.
CODE_WORDS = """
all: code, codes, kod, koden, kodu, kód, kódu, kódja, kode, koodi, koodin, kood, código, codigo, codice, combination, kombination, combinaison, combinación, combinazione, combinatie, kombinace, κωδικός, код, קוד, رمز, كود, कोड, mã, cod, codul, kodas, kods, keypad, opens with, open with, opened with, unlocks with, unlock with, unlocked with, disarmed with, disarms with, disarm with, öffnet mit, öffnen mit, s'ouvre avec, se abre con, si apre con, otwiera się
"""
NOT_CODES = frozenset(  # "zip code", "code postal"
    "zip postal post area country dialing dialling error status exit http return qr bar dress source promo discount voucher coupon flight "
    "airport product item course color colour hex language morse civil penal criminal tax hs swift bic booking tracking "
    "reference referral invite invitation postale fiscal fiscale postali pocztowy poczty zip python java "
    "postnummer poštovní почтовый поштовий ταχυδρομικός irányító postleit vorwahl länder review base bases reviews".split()
)
PLACES = """
en: door, gate, house, garage, alarm, safe, building, locker, flat, phone, lockbox, shed, lobby, bike, vault, screen, sim, suitcase, padlock, luggage, elevator, entrance, intercom, card, tablet, keypad, front desk, airbnb
de: haustür, tür, tor, garage, tresor, handy, schloss, karte, koffer, spind, eingang
fr: immeuble, porte, portail, carte, coffre, téléphone, valise, cadenas, entrée
es pt it: puerta, portal, garaje, tarjeta, móvil, maleta, caja fuerte, alarma, portone, porta, cancello, cassaforte, carta, valigia, lucchetto, cartão, portão, cofre, mala, alarme
nl sv da no: voordeur, deur, poort, kluis, koffer, dörr, kassaskåp, larm, väska, dør, låge, alarm, koffert, pengeskab
fi pl cs hu ro: ovi, ovikoodi, hälytin, portti, bramy, drzwi, sejfu, karty, walizki, domofon, dveř, vrát, trezor, alarm, ajtó, kapu, széf, riasztó, ușă, poartă, seif, alarmă, intrare
tr el ru uk: kapı, kasa, alarm, πόρτα, χρηματοκιβώτιο, συναγερμ, двер, подъезд, домофон, сейф, сигнализац, ворот, чемодан, під'їзд
he ar hi: דלת, כספת, אזעקה, שער, الباب, الخزنة, البوابة, البطاقة, दरवाज, तिजोरी, अलार्म
vi id: cửa, két sắt, cổng, pintu, brankas, gerbang
"""
NETWORKS = tuple(
    """
wifi, wi fi, wlan, wpa, router, ssid, hotspot, fritz, network, netzwerk, вайфай, вайфая, вайфаю, вай фай, ویфай, واي
فاي, واى فاى, וויי פיי, वाईफाई, wireless, encryption
""".replace("\n", " ")
    .strip()
    .split(", ")
)
KEY_WORDS = """
all: key, schlüssel, clé, clave, chiave, chave, sleutel, klucz, nyckel, nøgle, nøkkel, avain, klíč, kľúč, kulcs, cheie, cheia, anahtar, κλειδί, ключ, מפתח, مفتاح, kunci, khóa, code, pass
"""

# Long numbers that say who one is, or whose money it is.
NUMBERS = """
en: credit card number, debit card number, card number, credit card, debit card, bank card, visa card, account number, account no, bank account, routing number, sort code, ssn, social security number, social security no, social security, national insurance number, nino, nhs number, passport number, passport no, passport, driver's license number, driving licence number, driver licence number, drivers license, tax id, taxpayer id, ^tin, national id, id card number, identity card number, medicare number, sin number, social insurance number, aadhaar, aadhar, ^pan, pan card, pan number, nric, fin number
de: kontonummer, kreditkartennummer, kreditkarten nr, kreditkarte, kartennummer, sozialversicherungsnummer, rentenversicherungsnummer, steuer id, steueridentifikationsnummer, steuernummer, ausweisnummer, personalausweis, personalausweisnummer, reisepass, führerschein, reisepassnummer, führerscheinnummer, versichertennummer, krankenversicherungsnummer, ahv nummer, svnr
fr: numéro de compte, numéro de carte, numéro de sécurité sociale, numéro de sécu, numero de secu, numéro fiscal, numéro de passeport, carte d'identité, numéro insee, ^nir
es: número de cuenta, número de tarjeta, número de la tarjeta, dni, ^nie, nif, número de seguridad social, número de la seguridad social, curp, rfc, cédula, cedula, pasaporte, ^rut, cuil, cuit
it: numero di conto, numero del conto, numero di carta, numero della carta, codice fiscale, passaporto, carta d'identità
pt: número da conta, número do cartão, cpf, cnh, nif, número de contribuinte, cartão de cidadão
nl: rekeningnummer, creditcardnummer, kaartnummer, creditcard, bsn, burgerservicenummer, rijksregisternummer, paspoortnummer
sv da no is: personnummer, samordningsnummer, kontonummer, kortnummer, cpr, cpr nummer, fødselsnummer, kontonr, passnummer, kennitala
fi et lv lt: henkilötunnus, henkilötunnu, hetu, tilinumero, isikukood, personas kods, asmens kod
pl: numer konta, numer karty, numer rachunku, pesel, numer dowodu, numer paszportu, nip
cs sk: rodné číslo, rodne cislo, číslo účtu, číslo karty, číslo pasu, číslo občanského průkazu
hu ro: taj szám, adóazonosító, személyi szám, bankszámlaszám, kártyaszám, cnp, cod numeric personal, numărul cardului
sl hr sr bg: emšo, oib, jmbg, егн, јмбг
tr: tc kimlik, t.c. kimlik, kimlik numara, kart numara, hesap numara
el: αφμ, αμκα, αριθμός κάρτας, αριθμός ταυτότητας
ru uk: номер карты, номер карти, номер счета, номер счёта, снилс, инн, рнокпп, номер паспорта, паспорт серия
he ar fa: תעודת זהות, תז, מספר כרטיס, رقم البطاقة, رقم الهوية, الرقم القومي, رقم الحساب, کد ملی, شماره کارت
hi: आधार, पैन कार्ड, खाता संख्या
zh ja ko th vi id: 银行卡号, 卡号, 信用卡号, クレジットカード番号, 口座番号, 카드번호, 계좌번호, căn cước, cccd, cmnd, số thẻ, số tài khoản, ^nik, nomor ktp, nomor rekening, nomor kartu
"""

# What is of letters and figures.
KEYS = """
en: api key, apikey, api token, secret key, private key, access key, license key, licence key, encryption key, signing key, product key, activation key, wpa key, wpa2 key, wifi key, wi fi key, wlan key, network key, master key, deploy key, account key, shared access key, security key, access token, auth token, authtoken, bearer token, bearer, bot token, refresh token, session token, personal access token, client secret, app secret, webhook secret, shared secret, aws secret, jwt secret, secret access key, secret, token, session id, sessionid, secret key base
de: api schlüssel, lizenzschlüssel, wlan schlüssel, netzwerkschlüssel, zugangsschlüssel, zugangstoken
fr: clé api, clé d'api, clé d’api, clé wifi, clé wi fi, clé wpa, clé secrète, clé privée, jeton d'accès, jeton d’accès
es it pt: clave api, clave de api, clave wifi, clave del wifi, clave de la api, chiave api, chiave wifi, chave api, chave de api, chave da api
nl sv da no: api sleutel, api nyckel, api nøgle, api nøkkel, wifi sleutel
fi pl cs hu: api avain, klucz api, klucza api, api klíč, api kulcs, api kľúč
tr el ru uk: api anahtarı, κλειδί api, ключ api, api ключ, апи ключ
he ar hi vi: מפתח api, مفتاح api, api कुंजी, khóa api
zh ja ko: api密钥, 密钥, 密鑰, apiキー, アクセスキー, シークレットキー, api 키, 비밀키
"""
PHRASES = """
en: seed phrase, seed words, recovery phrase, secret phrase, mnemonic, mnemonic phrase, passphrase, pass phrase, wallet words, wallet's words, wallet seed, backup phrase, secret recovery
de fr es it pt nl: wiederherstellungsphrase, wiederherstellungswörter, seed phrase, phrase de récupération, phrase secrète, frase semilla, frase de recuperación, frase di recupero, frase semente, frase de recuperação, herstelzin
sv pl cs ru: återställningsfras, fraza odzyskiwania, fráze pro obnovení, сид фраза, мнемоническая фраза, секретная фраза
"""

# Between the name and the value. After those in `SURE_LINKS` a mere word may be the value: what else is said
# of passwords in these languages stands in `OF_IT`.
BETWEEN_USER_AND_PASSWORD = frozenset("is ist and und my the es y et".split())
SURE_LINKS = frozenset(
    "is are was were be reads ist war lautet lautete heißt est était sera es era será è sarà é foi wordt luidt jest było brzmi to это".split()
)
LINKS = SURE_LINKS | frozenset(
    "to auf naar it's that's c'est 's called sent set hit är var lyder er oli je bylo byla znie és az este are είναι ήταν היא הוא هي هو هى है हैं थी था — – - → -> => = : ： "
    "là la คือ ແມ່ນ គឺ adalah ialah itu ay ni është yw აის არის է бол е це то был была стал сейчас теперь bol bola glasi jejsou olarak este: = to: eins "
    "saya kami yangu langu mitt mea mia moja moje "  # "kata sandi saya X": mine, and no verb
    "आहे छ হল হলো છે ਹੈ உள்ளது است ہے ھے".split()
)
# Of a number also these, and of a code that is another's to use: "your code is 4711".
NUMBER_LINKS = frozenset("number no no. nr nr. nummer numéro numero número numer číslo номер".split())
YOURS = frozenset(
    "your dein deine ihr ihre votre ton tu su tuo suo seu teu je uw din twój váš tvůj ваш твой sinun".split()
)
# Links in these languages only.
LOCAL_LINKS = {"on": "fi et", "e": "ro sq", "a": "hu"}
FILLERS = frozenset(
    "now still currently just simply always also then set to called probably either jetzt nun noch einfach immer maintenant toujours ahora todavía "
    "siempre adesso ora ancora sempre agora ainda nu nog altijd teraz nadal zawsze fortfarande nå stadig edelleen nyt stále teď most acum τώρα сейчас теперь зараз "
    "the le la el il o die der das de den het a one code new old neue nouveau nueva nuova nova nieuwe nowe новый".split()
)
ARTICLES = frozenset("the a le la el il o die der das de".split())
BEFORE_LINKS = frozenset(
    "is as ist als est comme es como è come é to jest jako är som er on je este e είναι ως это как це як là jako mint olarak adalah sebagai".split()
)
AND = frozenset("and or und oder et ou y o e og och ja a i и או أو va dan atau or, and, then /".split())
# Behind a name: then it is the name of something else.
NOT_BEHIND = tuple(
    """
manag, gener, polic, reset, hint, strength, length, field, prompt, form, protect, hash, rotat, expir, requirement,
less, box, dialog, tresor, vault, richtlin, stärke, rule, oak, count, limit, budget, price, size, error,
type, url, uri, endpoint, name, path, file, collect, board, point, drop, ning, maxim, minim
""".replace("\n", " ")
    .strip()
    .split(", ")
)
# In front of one: a manager of passwords.
NOT_BEFORE = tuple(
    """
manag, gestion, gestor, správce, správca, hanter, менеджер, menedżer, kezelő, manažer, gerenciador, administrador de
""".replace("\n", " ")
    .strip()
    .split(", ")
)
NOT_JUST_BEFORE = frozenset("primary foreign public no without forgot max min sort cache".split())
# What tools are called.
TOOLS = frozenset(
    "1password bitwarden keepass keepassxc keepass2 lastpass dashlane nordpass enpass protonpass keychain icloud vault oauth2 sha256 sha512 sha1 md5 bcrypt argon2 base64 utf8 ipv4 ipv6 web3 windows10 windows11 office365".split()
)
# No value, but where one would stand.
PLACEHOLDERS = frozenset(
    "true false null none nil undefined yes no str string text varchar char bytes int optional required password passwd secret token xxx xxxx **** ***** ****** ... example your-password yourpassword your_password <password> redacted hidden masked empty unset off on".split()
)

# After "my password is": what is said of a password, not the password.
OF_IT = frozenset(
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
SMALL_WORDS = frozenset(
    "a an the my our your is are was be in on at to of for from by and or it its der die das den im in zu mit und ist "
    "has had his her she him who why how its our their them these those which would could should been being than too from because wants "
    "likes prefers uses lives works have with but for not some many after out were does did got get new while dans pour avec que qui pas "
    "mais sont los las con por para como pero más del che per non sono della nel nicht mit für auf ich wir sie "
    "le la les de du des un une et en el los y que il di e o os da do em een het van op i w na do".split()
)
