"""What a request to forget is about: "what I told you about my cat" is about a cat."""

from __future__ import annotations

import re

from .forms import inflects, is_form, stem
from .scripts import fold, is_dense
from .words import content_words, terms_of

# Words that only say that something was said or is known, and how much of it.
FRAMING = frozenset(
    stem(word)
    for word in """
    memory memories gedächtnis erinnerung erinnerungen mémoire souvenir souvenirs recuerdo recuerdos
    ricordo ricordi lembrança lembranças geheugen herinnering pamięć wspomnienie память памяти
    воспоминание told tell said say mention mentioned know knows known remember everything anything
    things about stuff fact info gesagt erzählt erwähnt weißt wissen weiss kennst gemerkt alles über
    dir ihnen dass sache sabes sepas sabe dije dicho conté conoces recuerdas acerca todo sobre
    respecto información dit raconté sais savez connais souviens tout sujet information informations
    propos quello quel sai sapete detto raccontato conosci tutto riguardo sul sulla sui sulle del
    della dei disse contei falei sabes você tudo respeito informação informações gezegd verteld weet
    kent alles over wat говорил говорила говорили сказал сказала рассказал рассказала рассказывал
    знаешь знаете помнишь помните всё то что мой моя моё моём мою моей моего своей своём своего
    своих моих о об обо мне меня про mówiłem mówiłam powiedziałem powiedziałam wiesz pamiętasz wszystko tym
    moim
    mojej moich swoim swojej hakkında bildiklerini bildiğin bildiğini söylediklerimi söylediğim
    söylediğimi anlattıklarımı ilgili şeyi تعرفه تعرف قلته قلت لك أخبرتك كل شيء عن ما
    """.split()  # noqa: SIM905
)
# The same where no spaces are set, with the words for whose it is, and particles.
_FRAMING_DENSE = re.compile(
    r"^(?:请|請)?(?:把|将|將)|^(?:请|請)|你?(?:所)?(?:知道|记得|記得|了解)的?|我(?:跟你|和你|对你|對你|之前)?(?:说|說|讲|講|告诉|告訴)(?:过|過|你|的)*"
    r"|关于|關於|有关|有關|的?(?:所有)?(?:信息|資訊|资料|資料|事情|一切|内容|內容)|的?事$|(?:我|咱|俺)(?:们|們|家)?的?"
    r"|について|に関して|に関する|(?:の|という)?(?:こと|事|件|話|情報)(?:は|を|が)?|(?:覚え|知っ)て(?:い|る)*|(?:話|言|教え)(?:し|っ)?た"
    r"|(?:私|僕|俺|わたし|ぼく|うち|自分)の?|[はをがのも]$"
    r"|에\s?(?:대해|대한|관해|관한)서?|알고\s?있는|(?:내|제)가\s?말한|(?:^|\s)(?:내|제|나의|저의|우리|우리의)(?=\s)|(?:것|거|정보|사실|모든)"
    r"|(?<=\w)(?:을|를|은|는|이|가|도|의)(?=\s|$)|[\s,.、。，]+"
)
_ALONE_BEFORE = "的只隻条條个個位有养養叫和是我咱、。，のが "  # what a word of one character may stand behind


def is_meant(asked: str, memory: str) -> bool:
    """Whether a memory has all that a request to forget is about."""
    if is_dense(asked):
        parts = [part for part in _FRAMING_DENSE.split(fold(asked)) if part]
        told = fold(memory)
        return bool(parts) and all(_is_in(part, told) for part in parts)
    words = {word for word in content_words(asked, or_all=False) if stem(word) not in FRAMING}
    known = frozenset(terms_of(memory))
    if words <= known or not inflects(f"{asked} {memory}"):
        return bool(words) and words <= known
    return all(word in known or any(is_form(word, other) for other in known) for word in words)


def _is_in(part: str, told: str) -> bool:
    if len(part) > 1:
        return part in told
    places = [at for at, char in enumerate(told) if char == part]
    return any(at == 0 or told[at - 1] in _ALONE_BEFORE for at in places)
