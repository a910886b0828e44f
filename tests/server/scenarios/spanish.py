"""Told in Spanish."""

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

ARTICULO = "El ayuntamiento ha decidido construir un puente nuevo sobre el río el año que viene. " * 30
CODIGO = "```python\ndef sumar(a, b):\n    return a + b\n```"
CONOCIDO = (
    "La usuaria vive en Sevilla.",
    "La usuaria trabaja de noche en el hospital.",
    "La hija de la usuaria se llama Lucía y tiene dos años.",
    "El perro de la usuaria se llama Toby.",
    "La usuaria es alérgica a las nueces.",
    "A la usuaria le gusta el flamenco.",
    "La usuaria tiene un huerto con tomates.",
    "El hermano de la usuaria es piloto.",
    "La usuaria prefiere respuestas breves.",
)
PRESENTACION = says(
    "Me presento: vivo en Sevilla, trabajo de noche en el hospital y tengo una hija, Lucía.",
    *(add(text, kind="profile") for text in CONOCIDO),
    chat="presentación",
)
CARNE = "come carne y pescado en casa de su abuela todos los domingos del año."


def conocido_sin(words: str) -> tuple[str, ...]:
    return tuple(text for text in CONOCIDO if words not in text)


SCENARIOS: tuple[Scenario, ...] = (
    scenario(
        "se muda de ciudad",
        PRESENTACION,
        says(
            "Me mudé de Sevilla a Valencia la semana pasada. ¿Conoces alguna panadería buena?",
            replace("vive en Sevilla", by="La usuaria vive en Valencia."),
        ),
        holds=(*conocido_sin("Sevilla"), "La usuaria vive en Valencia."),
        recalls=(asks("¿En qué ciudad vive la usuaria?", told="Valencia", untold="Sevilla"),),
    ),
    scenario(
        "cambia de turno y luego de trabajo",
        PRESENTACION,
        says(
            "Ya no trabajo de noche en el hospital, ahora me toca de día.",
            replace("hospital", by="La usuaria trabaja de día en el hospital."),
        ),
        says(
            "He dejado el hospital y trabajo en una farmacia.",
            replace("hospital", by="La usuaria trabaja en una farmacia."),
            chat="noticias",
        ),
        holds=(*conocido_sin("hospital"), "La usuaria trabaja en una farmacia."),
        recalls=(asks("¿Dónde trabaja la usuaria?", told="farmacia", untold="hospital"),),
    ),
    scenario(
        "la niña crece",
        PRESENTACION,
        says(
            "Lucía cumplió ayer tres años y ya va a la guardería.",
            replace("Lucía", by="La hija de la usuaria se llama Lucía, tiene tres años y va a la guardería."),
        ),
        holds=(
            *conocido_sin("Lucía"),
            "La hija de la usuaria se llama Lucía, tiene tres años y va a la guardería.",
        ),
        recalls=(asks("¿Cuántos años tiene Lucía?", told="tres años", untold="dos años"),),
    ),
    scenario(
        "pide que se olvide el perro",
        PRESENTACION,
        says("Olvida a mi perro Toby, por favor.", remove("Toby")),
        holds=conocido_sin("Toby"),
        recalls=(asks("¿Cómo se llama el perro Toby de la usuaria?", untold="El perro de la usuaria"),),
    ),
    scenario(
        "deja de comer carne: lo nuevo se añade y lo viejo se borra",
        says(
            "Como carne y pescado en casa de mi abuela todos los domingos del año.",
            add(f"El usuario {CARNE}"),
        ),
        says(
            "Ya no como carne ni pescado en casa de mi abuela.",
            add(f"El usuario no {CARNE}"),
            remove("El usuario come"),
        ),
        holds=(f"El usuario no {CARNE}",),
        recalls=(asks("¿Come carne el usuario?", told="no come carne"),),
    ),
    scenario(
        "aplaza el viaje",
        says(
            "En quince días viajo a Bogotá para ver a mi madre.",
            add(f"La usuaria viaja a Bogotá el {in_days(15)}.", kind="plan", expires=in_days(15)),
            add("La madre de la usuaria vive en Bogotá.", kind="profile"),
        ),
        says(
            "He aplazado una semana el viaje a Bogotá: viajo en veintidós días.",
            replace("viaja a Bogotá", by=f"La usuaria viaja a Bogotá el {in_days(22)}."),
        ),
        holds=(
            plan(f"La usuaria viaja a Bogotá el {in_days(22)}.", until=in_days(22)),
            "La madre de la usuaria vive en Bogotá.",
        ),
        recalls=(asks("¿Cuándo viaja la usuaria a Bogotá?", told=in_days(22), untold=in_days(15)),),
    ),
    scenario(
        "un plan caducado se cuenta de nuevo",
        says(
            "Quería ver la exposición de Goya, que acabó hace tres días.",
            add("La usuaria quiere ver la exposición de Goya.", kind="plan", expires=in_days(-3)),
        ),
        says(
            "¡Han prorrogado la exposición de Goya! Voy a verla en seis días.",
            replace("Goya", by=f"La usuaria verá la exposición de Goya el {in_days(6)}."),  # not shown: added
        ),
        holds=(
            plan("La usuaria quiere ver la exposición de Goya.", until=in_days(-3)),
            f"La usuaria verá la exposición de Goya el {in_days(6)}.",
        ),
        recalls=(asks("¿Cuándo es la exposición de Goya?", told=in_days(6), untold="quiere ver"),),
    ),
    scenario(
        "quiere que se recuerde, y cómo se le responde",
        says("Recuerda que Clara es alérgica al polen.", add("Clara es alérgica al polen.", kind="profile")),
        says(
            "A partir de ahora trátame de usted, por favor.",
            add("El usuario quiere que se le trate de usted.", kind="preference"),
        ),
        says("No olvides que Clara toca el violín.", add("Clara toca el violín.")),
        holds=(
            "Clara es alérgica al polen.",
            "El usuario quiere que se le trate de usted.",
            "Clara toca el violín.",
        ),
        recalls=(asks("¿A qué es alérgica Clara?", told="polen"),),
    ),
    scenario(
        "nada que valga una llamada",
        unread("¡Hola!"),
        unread("¿Cuál es la capital de Francia?", answer="París."),
        unread(CODIGO, answer="Es una función que suma."),
        unread("Corrige este código:\n" + CODIGO, answer=CODIGO),
        unread("Resume esto:\n\n" + ARTICULO, answer="Se construirá un puente."),
        unread("https://example.com/un/enlace/largo", answer="No puedo abrir enlaces."),
        unread("Escribe un poema sobre el otoño.", answer="Caen las hojas doradas,\n" * 80),
        holds=(),
    ),
    scenario(
        "lo mismo con otras palabras",
        PRESENTACION,
        says(
            "Las nueces me sientan fatal, tengo alergia.",
            recognise("nueces", or_add="La usuaria tiene alergia a las nueces."),
            chat="cocina",
        ),
        says("Vivo en Sevilla.", add("La usuaria vive en Sevilla."), chat="otra"),
        holds=CONOCIDO,
    ),
    scenario(
        "lo que solo dijo el asistente",
        says("Necesito ideas para el sábado.", nothing(), answer="Como te gusta el mar, ve a la playa."),
        unread("¿Qué playa está más cerca?", answer="La de Matalascañas, tu preferida."),
        holds=(),
        recalls=(asks("¿Qué playa prefiere la usuaria?", untold=("Matalascañas", "usuaria")),),
    ),
    scenario(
        "acepta lo que propuso el asistente",
        says("Necesito ideas para el sábado.", nothing(), answer="¿Y una clase de cerámica cada sábado?"),
        says(
            "Me parece perfecto, iré cada sábado.",
            add("La usuaria va a clase de cerámica cada sábado.", kind="preference"),
        ),
        holds=("La usuaria va a clase de cerámica cada sábado.",),
        recalls=(asks("¿Qué hace la usuaria cada sábado?", told="cerámica"),),
    ),
    scenario(
        "tres mensajes en una llamada",
        says("Tengo un gato.", add("La usuaria tiene un gato.", kind="profile")),
        says("Se llama Misu y duerme mucho.", add("El gato de la usuaria se llama Misu.", kind="profile")),
        unread("¿Cuánto viven los gatos?", answer="Unos quince años."),
        regenerates("Entre doce y dieciocho años."),
        holds=("La usuaria tiene un gato.", "El gato de la usuaria se llama Misu."),
        at_once=True,
    ),
    scenario(
        "corrige un mensaje ya leído, en medio del chat",
        says("Mi hermana Inés vive en Bilbao.", add("Inés, la hermana de la usuaria, vive en Bilbao.")),
        says("Inés tiene un barco.", add("Inés tiene un barco.")),
        says("Inés tiene un banco de madera.", add("Inés tiene un banco de madera."), edits=True),
        holds=("Inés, la hermana de la usuaria, vive en Bilbao.", "Inés tiene un banco de madera."),
    ),
    scenario(
        "el modelo piensa en voz alta y deja comas de más",
        gets(
            "Soy zurda.",
            '<think>¿{"operations": []}? No, es algo duradero.</think>\n'
            '{"operations": [{"op": "add", "text": "La usuaria es zurda.", "kind": "profile",},],}',
        ),
        holds=("La usuaria es zurda.",),
    ),
    scenario(
        "el modelo borra más de lo que se le pide",
        PRESENTACION,
        gets(
            "Olvida que tengo un huerto con tomates.",
            json.dumps({"operations": [{"op": "remove", "id": number} for number in range(1, 8)]}),
        ),
        holds=CONOCIDO,
    ),
)
