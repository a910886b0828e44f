"""Turkish, whose verbs come last and whose words for oneself are endings."""

# ruff: noqa: E501  (phrases of a kind stand together)

from .phrases import Phrases

TURKISH = Phrases(
    letters="ığş",
    common="""ve, bir, bu, şu, ne, nasıl, neden, niçin, nerede, nereye, nereden, kim, kimin, hangi, kaç, mı, mi, mu, mü, mıyım, miyim, muyum, müyüm, mısın, misin, için, ile, de, da, ki, ama, fakat, çok, daha, en, gibi, kadar, var, yok, değil, olarak, olan, her, zaman, sonra, önce, şimdi, ya, veya, ise, beni, bana, adı, adım, evet, hayır, lütfen, yıl, gün""",
    known_by="bugün, yıldır, bende, iyi, güzel, artık, hep, bazen, iki, üç, merhaba, teşekkürler, sadece, bile, gün, şey",
    own="""numaramı, annemi, babamı, ailemi, arabamı, hastalığımı, adresimi, *(ım|im|um|üm|larım|lerim) (var|yok), ben, benim, beni, benden, bende, benimle, biz, bizim, bizi, bizde, kendim, kendimi, kendime, adım, soyadım, ismim, yaşım, işim, evim, eşim, annem, babam, kızım, oğlum, kardeşim, ağabeyim, abim, ablam, karım, kocam, köpeğim, kedim, ailem, mesleğim, şehrim, memleketim, doğum günüm, en sevdiğim, sevdiğim, yaşındayım, evliyim, bekarım, bekârım, vejetaryenim, veganım, hobim, hobilerim, çocuklarım, çocuğum, arabam, bahçem, patronum, arkadaşım, nişanlım, sevgilim, okulum, bölümüm, anneannem, dedem, teyzem, amcam, dayım, halam, alerjim, ehliyetim, numaram, adresim, nereliyim, kimim, neyim""",
    own_objects="bana, bize",
    own_endings="""ımı, imi, umu, ümü, ımda, imde, umda, ümde, ımdan, imden, umdan, ümden, imin, ımın, umun, ümün, çim, çım, ğimi, ğımı, mız, miz, muz, müz, erim, arım, ırım, irim, urum, ürüm, yorum, yoruz, dım, dim, dum, düm, tım, tim, tum, tüm, ıyım, iyim, uyum, üyüm, acağım, eceğim, mışım, mişim, muşum, müşüm, malıyım, meliyim, ğım, ğim, ğum, ğüm
        larım, lerim, larımın, lerimin, ğımın, ğimin, ğumun, ğümün, şimin, şımın, cim, cım, dayım, deyim, tayım, teyim, lıyım, liyim, luyum, lüyüm, sızım, sizim, istim, çiyim, çıyım, ciyim, cıyım, mamın, bamın, emin""",
    own_not="""resmi, samimi, sezgi, umumi, âlimi, hakimi, isimde, mahkum*, mülk*, önemi, gündemi, sağlamı, yağmuru, yıllımı, içimde, içimden, tümü, tümünü, bölümde, kim*, film*, biçim*, rejim*, mevsim*, ölçüm*, gelişim*, değişim*, iletişim*, girişim*, erişim*, işlem*, akım*, yapım*, anlatım*, dağıtım*, toplum*, konum*, sorumlu*, uzman*, tohum*, albüm*, kostüm*, hüküm*, düğüm*, üzüm*, sürüm*, temiz, domuz, omuz, temmuz, verim*, terim*, yorum*, durum*, kurum*, birim*, bildirim*, karar*, yarım*, tarım*, tasarım*, yatırım*, yıldırım*, indirim*, çevirim*, gelirim, eğitim*, öğretim*, üretim*, tüketim*, yönetim*, denetim*, bölüm*, dönüşüm*, çözüm*, ölçüm*, görünüm*, sistem*, kesim*, resim*, isim*, bilim*, seçim*, geçim*, giyim*, içim, dilim*, iklim*, taksim*, adımla*, adımda, bakım*, takım*, kısım*, kasım, basım*, yazılım*, donanım*, kullanım*, tanım*, uygulamamız, deniz, yalnız, tuz, semiz, titiz, kırmızı, temizle*, yorum, bütün, tüm, yardım, adım adım, kadim, kadim, çiçeğim, yatırım*, bölüm, dönüşüm, eğitim, iletim, üretim, tüketim, yönetim, denetim, öğretim, yazılım, tadım, uyum, büyüyüm, giyim, iyiyim, deyim, takım, katım, katım*, satım, batım, artım, tim, statüm, altım, titim, atım, tutum, yutum, oturum, durum, kurum, sürdüm, düğüm, ultimatum, datum, optimum, tum, adım, bildirim, edim, dum, bağım, çağım, doğum, lehim, emin, yemin, zemin, temin, memin, hakim, sizim, bizim, istim, damın, tamamın, camın, akşamın, ramın, programın, hamın, kamın, amin, mamın, eylem*, çekim""",
    requested="(teşekkür|rica) ederim, bana ... (yaz|ver|söyle|anlat|öner|göster|yardım|bul|hazırla|açıkla|öğret|çiz|yap|oluştur|özetle|çevir|gönder|hatırlat|say|sırala|tavsiye|tarif|lazım|gerek)*, (için|bize) ... (yaz|ver|öner|bul|hazırla|yap|oluştur)*",
    impersonal="nasıl *(bilirim|abilirim|ebilirim|ırım|irim|urum|ürüm|arım|erim|malıyım|meliyim|alım|elim), ne (yapmalıyım|yapabilirim|almalıyım), nereden *(abilirim|ebilirim), *(abilir|ebilir) miyim, eğer ben, (bir )?(istiyorum|arıyorum), hata (alıyorum|veriyor), (merak ediyorum|öğrenmek istiyorum|bilmek istiyorum)",
    personal="nasıl (biriyim|gidiyorum|gidip geliyorum|hissediyorum|içiyorum|besleniyorum|tanıştım|tanıştık)",
    keeping="hatırla, unutma, asla, her zaman, daima, bundan sonra, artık, aklında tut, aklında olsun, not al, bana * de, cevapların, yanıtların",
    openers="bu arada, ayrıca, neyse, ah, oh, lütfen, merhaba, selam, selamlar, günaydın, iyi günler, iyi akşamlar, tamam, peki, şimdi, ve, ama, yani, evet, hayır, teşekkürler, teşekkür ederim, bir sorum var, aslında, hey",
    polite="teşekkürler, teşekkür ederim, çok teşekkürler, sağ ol, sağ olun, eyvallah, rica ederim, günaydın, iyi akşamlar, iyi geceler, görüşürüz, harika, süper, tamam, kolay gelsin",
    addresses="bana, bize, (yardım|rica) (eder|ede)*, sence, acaba, ne (yapmalıyım|yapabilirim|önerirsin), nasıl, önerin var mı, işte (benim|kodum)",
    reacts="(şimdi |tamam )?(anladım|anlıyorum|anlaşıldı|kavradım)( şimdi| teşekkürler)?$, (şimdi )?(daha )?(mantıklı|anlamlı) (geldi|oldu|geliyor), mantıklı, (bunu |bir )?(deneyeceğim|denerim|deneyip|bakacağım|düşüneceğim)*, haklısın, katılıyorum, kulağa hoş geliyor",
    prefers="tercih (ederim|ediyorum|ederiz), yeğlerim, yeğliyorum, daha çok (severim|seviyorum|hoşuma)",
    leans_first="(o|onlar|bu|şu) (da|de|bir|çok|benim|orada|burada|artık|şimdi), (onlardan|bunlardan) (biri|birisi), (ikisi|hepsi) de",
    leans_last="onu, bunu, şunu, onlar",
    questions="""nasıl, neden, niçin, niye, nerede, nereden, nereye, nerde, ne zaman, ne kadar, ne (demek|yapmalıyım|yapabilirim|pişir*|var|iş|tür|olur), kim (bilir|yazdı|kazandı|icat), kaç, hangi, hangisi, kimin, kime, acaba, sence
        (merak ediyorum|bilmek istiyorum|öğrenmek istiyorum), biliyor musun, bilen var mı, sorum şu""",
    ends_question="""(mı|mi|mu|mü)(yım|yim|yum|yüm|sın|sin|sun|sün|yız|yiz|yuz|yüz|ydı|ydi|ydu|ydü|dır|dir|dur|dür)?, (mısınız|misiniz|musunuz|müsünüz), ne, neler, kim, kimler, nerede, nerde, nereye, nereden, nereli, nereliyim, nasıl, neden, niçin, niye, kaç, hangisi, ne zaman, ne kadar, nedir, kimdir, nerededir, ne demek, ne olur, kaçtır, neydi, kimdi, kimim, neyim, neresi, kaçıncı
        (nerede|nerde|nereye|nereden|nasıl|neden|niçin|niye|ne zaman|ne kadar|hangi _|kaç _|kaç|kim|kimin _|kime|kimi|kiminle|neye|neyi|ne) _, ne iş (yapıyorum|yaparım)""",
    requests="(aşağıdaki|şu|bu) (metni|cümleyi|yazıyı|paragrafı|mektubu|maili|e-postayı|kodu|şiiri), sen (bir|benim|artık bir), bana (bir|bu|şu|üç|beş|on|birkaç|kısa|basit), benim için, ... hakkında (bilgi|kısa|bir), senden ... istiyorum",
    ends_request="""(yaz|yazar|ver|verir|söyle|söyler|anlat|anlatır|çevir|çevirir|özetle|özetler|öner|önerir|bul|bulur|göster|gösterir|hazırla|hazırlar|oluştur|oluşturur|açıkla|açıklar|düzelt|düzeltir|listele|listeler|karşılaştır|hesapla|sırala|tasarla|planla|planlar|yardım et|yardım eder|yap|yapar|kontrol et|düzenle|yorumla|değerlendir|puanla|kısalt|genişlet|analiz et|tamamla|tercüme et|tarif et|tavsiye et|örnek ver|cevapla|yanıtla|sınıflandır|say|çiz|kodla|uydur|üret|bak|öğret)( (mısın|misin|musun|müsün|mısınız|misiniz|musunuz|müsünüz))?
        (yazın|verin|söyleyin|anlatın|çevirin|özetleyin|önerin|bulun|gösterin|hazırlayın|oluşturun|açıklayın|düzeltin|listeleyin|yapın|kontrol edin|yardım edin|planlayın), (yazsana|versene|söylesene|anlatsana|yapsana|önersene), *(abilir|ebilir) (misin|misiniz|miyiz), (istiyorum|lazım|gerekiyor|arıyorum|ihtiyacım var|rica ediyorum|rica ederim|lütfen)""",
    always="her zaman, daima, hep, asla, hiçbir zaman, unutma, hatırla, aklında tut, aklında olsun, bana ... de",
    standing="bundan sonra, bundan böyle, şu andan itibaren, artık, gelecekte, her seferinde, cevapların, yanıtların, cevaplarını, yanıtlarını, (kısa|uzun|detaylı) (cevap|yanıt)*",
    supposing="diyelim ki, varsayalım, farz et, farz edelim, farz edin, hayal et, hayal edelim, düşün ki, düşünelim ki, mış gibi, rol yap*, rol oyunu, bir varmış bir yokmuş, bu hikayede, bu oyunda, bu senaryoda, senaryo, varsayımsal olarak, teorik olarak, teoride, sen bir, sen ... ben de, oyun oynayalım, kurgu, tut ki, haydi ... oynayalım, hadi ... oynayalım",
    ends_supposing="farz et, farz edelim, varsay, varsayalım, hayal et, hayal edelim, (rol|taklidi) yap*, gibi (davran|davranalım|yap|yapalım|konuş), oynayalım",
    conditional="keşke, eğer ben ... (olsaydım|olsam), eğer (zengin|milyoner|kral|genç|başkan|kuş) olsa*, ben ... (olsaydım|olsam), _ olsaydım, _ _ olsaydım, _ olsam, *saydım, *seydim, _ *saydım, _ *seydim, _ _ *saydım, _ _ *seydim, ... *saydım, ... *seydim",
    roles="bir (korsan|büyücü|cadı|ejderha|şövalye|kral|kraliçe|prens|prenses|vampir|robot|uzaylı|elf|cüce|hayalet|süper kahraman|ninja|samuray|dedektif|anlatıcı|karakter|tanrı|imparator|yapay zeka) olarak, ben bir (korsan|büyücü|cadı|ejderha|şövalye|vampir|robot|uzaylı|elf|cüce|hayalet)*",
    handling="çevir*, tercüme*, özetle*, özet*, düzelt*, düzenle*, yeniden yaz*, değerlendir*, puanla*, sınıflandır*, kısalt*, cevap yaz*, yanıtla*, cevapla*, yazım, dilbilgisi, dil bilgisi, imla, redakte*",
    soft_handling="açıkla*, analiz*, kontrol*, incele*, yorumla*, ne demek, ne anlama gel*, oku*, kim yazdı, bu ne",
    texts="bu, şu, bunu, şunu, aşağıdaki, yukarıdaki, metin, metni, yazı*, mail*, e-posta*, eposta*, mesaj*, mektup, mektubu, makale*, özgeçmiş*, cv, cümle*, paragraf*, deneme*, hikaye*, şiir*, şarkı*, sohbet*, konuşma*, form*, belge*, rapor*, alıntı*, yorum*, haber*, sözler*",
    speaking="yazdı, yazmış, dedi, demiş, diyor, söyledi, söylemiş, cevap verdi, gönderdi, göndermiş, işte, aldım, geldi, şöyle, alıntı, iletilen, iletildi",
    self_leads="hakkımda, benim hakkımda, kendimden, kendimi tanıtayım, kendimle ilgili, hatırla, unutma, not, şunu hatırla, bilgin olsun",
    salutations="sayın, sevgili, merhaba, selam, değerli, günaydın, saygıdeğer",
    signoffs="saygılarımla, saygılar, sevgiler, sevgilerimle, teşekkürler, iyi günler, selamlar, iyi çalışmalar, hoşça kal, kolay gelsin",
    subjects="konu",
    headers="kimden, kime, konu, tarih, gönderen, alıcı, gönderildi",
    resumes="özgeçmiş, iş deneyimi, iş tecrübesi, eğitim, beceriler, yetenekler, kişisel bilgiler, referanslar",
    forgetting="unut, unutun, unutur, unutabilir, unutman*, unutmanı, unutsana, sil, silin, siler, silebilir, silmeni, hafızandan çıkar, hatırlama, kaldır, çıkar",
    asking="lütfen, bunu, şunu, onu, artık, her şeyi, hepsini, *ı, *i, *u, *ü, *ığını, *iğini, *uğunu, *üğünü, *dan, *den, ve, de, da",
    everything="her şeyi, hepsini, her şey, tümünü, bütün bilgileri, hakkımda bildiklerini, hakkımda ne biliyorsan, hakkımdaki her şeyi",
    ending="boşan*, ayrıl*, taşın*, satt*, istifa*, kovul*, işten çık*, öldü, vefat*, kaybett*, artık ... değil*, artık ... yok, iptal*, vazgeç*, bırakt*, bitti, kapan*, dul, emekli*, çalınd*, mezun*, eski eşim, eski karım, eski kocam, ayrıldık",
    corrects="[0-9]* değil, aslında, demek istediğim, yanlış, yanıldım, hata yaptım, düzeltme, düzeltiyorum, değil _, yerine, ertelendi, taşındı, taşındım, taşındık, değişti, değiştirdim, uzatıldı",
    fillers="bir, şimdi, şu anda, şu an, gerçekten, çok, da, de, aslında, bu arada, ki",
    numbers="iki/2, üç/3, dört/4, beş/5, altı/6, yedi/7, sekiz/8, dokuz/9, on/10, on bir/11, on iki/12, yirmi/20, otuz/30, kırk/40, elli/50, altmış/60, yetmiş/70, seksen/80, doksan/90",
    speaker="ben, benim, beni, bana, kendim",
    user="kullanıcı, kullanıcının, kullanıcıya, kullanıcıyı",
    links="ile, için, gibi, kadar, ve, veya, ama, çünkü, ki, değil, asla, sonra, önce, göre, karşı",
    endings="yorum/yor, ırım/ır, irim/ir, dım/dı, dim/di, dum/du, düm/dü, tım/tı, tim/ti",
    denying="asla",
    forwarding="mesaj*, ileti*, yönlendiril*",
    wrote="yazdı, şunu yazdı, şunları yazdı",
)
