"""Texts that give orders to a model instead of telling of a user: they are not remembered.

Wishes for how to be answered are none. What gets around this stands in a prompt quoted, as any other.
"""

# ruff: noqa: E501  (an order is a line)

from __future__ import annotations

import re

from ..inert import disarmed

REFUSED = "it gives orders to a model"

_EARLIER = (
    r"(?:previous|prior|earlier|above|preceding|system|original|safety|all|vorherigen?|bisherigen?|obigen?|früheren?"
    r"|précédent\w*|antérieur\w*|anteriores|previas?|previos?|precedenti|eerdere|vorige|bovenstaande|poprzednie|wcześniejsze"
    r"|предыдущи\w*|прежни\w*|önceki)"
)
_RULES = (
    r"(?:instructions?|prompts?|rules?|guidelines?|directives?|messages?|context|commands?|anweisung\w*|regeln"
    r"|befehle?|vorgaben|consignes?|règles|instrucciones|reglas|órdenes|istruzioni|regole|instruções|regras|instructies"
    r"|regels|instrukcj\w*|polece\w*|zasad\w*|инструкци\w*|указани\w*|правила|talimat\w*)"
)
_ORDERS = re.compile(
    r"(?:\b(?:ignore|disregard|forget|override|bypass|ignorier\w*|vergiss|missachte|ignore[zr]?|oublie[zr]?|ignora\w*|olvida"
    r"|dimentica|esqueça|esquece|negeer|vergeet|zignoruj|ignoruj|zapomnij|игнорируй\w*|забудь\w*|проигнорируй\w*|yok say)\b"
    rf"[^.!?\n]{{0,40}}?\b(?:{_EARLIER}\b[^.!?\n]{{0,30}}?\b{_RULES}|{_RULES}\b[^.!?\n]{{0,20}}?\b{_EARLIER})\b)"
    rf"|{_EARLIER} {_RULES}[^.!?\n]{{0,20}}(?:yok say|unut)"
    r"|忽略.{0,8}(?:指令|指示|提示)|(?:以前|前|上記)の(?:指示|命令).{0,6}(?:無視|忘れ)|이전.{0,6}(?:지시|명령).{0,6}무시"
    r"|\byou are (?:now|no longer) (?:an? |the )?(?:dan\b|ai\b|unrestricted|jailbroken|developer mode|evil|root|in developer)"
    r"|\b(?:du bist|tu es|eres|sei|você é) (?:jetzt|nun|maintenant|ahora|ora|agora) (?:ein |une? |un )?(?:dan\b|unbeschränk|sans restriction|sin restricciones|senza restrizioni|sem restrições)"
    r"|\b(?:reveal|print|repeat|output|leak|show|expose|dump|verrate|zeige|révèle\w*|affiche\w*|revela|muestra|rivela|mostra|onthul|toon|ujawnij|pokaż)\b[^.!?\n]{0,30}"
    r"\b(?:(?:system|hidden|initial|secret) ?-?(?:prompt|instructions?|message)|systemprompt|prompt (?:système|du système|del sistema|di sistema|do sistema|systemowy))\b"
    r"|\b(?:call|invoke|execute|run)\b[^.!?\n]{0,20}\b(?:tool|function|plugin)s?\b[^.!?\n]{0,40}(?:[{(\"'`]|\bwith\b|\barguments?\b|\bto (?:send|delete|email|upload))"
    r"|\buse\b[^.!?\n]{0,20}\b(?:tool|function|plugin)s? to (?:send|delete|email|upload|run|call)\b"
    r"|\"?(?:tool_calls?|function_call|tool_name)\"?\s*[:=]|\{\s*\"(?:name|function|tool)\"\s*:\s*\""
    r"|\b(?:send|post|forward|upload|exfiltrate|append|email|schicke|sende|envoie\w*|envía|invia|envie|stuur|wyślij)\b[^.!?\n]{0,60}\b(?:conversation|chat history|memories|user data|user's data|secrets?|passwords?|api keys?|unterhaltung|gespräch|conversación|conversazione|conversa|gesprek|rozmow\w*)\b[^\n]{0,40}(?:://|www\.|@|\bto )"
    r"|(?:^|[\n\"'»›>\]|])\s*(?:system|assistant|developer)\s*(?:prompt|message|override|note)?\s*:\s"
    r"|‹\|[\w ]{2,30}\|›|\((?:/?INST|SYSTEM_PROMPT|/?TOOL_CALLS|AVAILABLE_TOOLS)\)|‹‹/?SYS››"
    r"|‹/?\s*(?:system|user[ _]?memories|tool_call|tool_response|function_calls?|invoke|start_of_turn|end_of_turn|s)\b[^›]{0,40}›",
    re.IGNORECASE,
)


def gives_orders(text: str) -> bool:
    """Whether a text is of that kind."""
    return bool(_ORDERS.search(disarmed(text)))


_WISH = re.compile(
    r"\A\s*(?:the user (?:wants|asks|would like) (?:you|the (?:model|assistant))\b"
    r"|(?:please |kindly |from now on,? |always |never |don't |do not |only )+"
    r"(?:answer|reply|respond|say|write|speak|talk|call|address|use|include|add|begin|start|end|finish|sign|explain)\b)",
    re.IGNORECASE,
)


def is_wish(text: str) -> bool:
    """Whether a text tells the model how to answer its user."""
    return bool(_WISH.search(text))
