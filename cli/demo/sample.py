# SPDX-License-Identifier: AGPL-3.0-or-later
"""The built-in sample election: two contests with invented people.

Spec: specs/manifest.md#contests
"""

from __future__ import annotations

from crypto.protocol.manifest import Contest, Option

TITLE = {"en": "Sample election of the alliance", "ru": "Пробные выборы альянса"}

_DELEGATES = (
    ("Vera Sinitsyna", "Вера Синицына"),
    ("Timofei Ozerov", "Тимофей Озеров"),
    ("Lidia Zarechnaya", "Лидия Заречная"),
    ("Gleb Ryabinin", "Глеб Рябинин"),
    ("Nadezhda Kurganova", "Надежда Курганова"),
    ("Maksim Beregovoi", "Максим Береговой"),
    ("Irina Snegova", "Ирина Снегова"),
    ("Pavel Topolev", "Павел Тополев"),
)

_COUNCIL = (
    ("Yaroslav Mostovoi", "Ярослав Мостовой"),
    ("Ksenia Vetrova", "Ксения Ветрова"),
    ("Fyodor Luchnikov", "Фёдор Лучников"),
    ("Alla Rodnikova", "Алла Родникова"),
    ("Denis Polevoi", "Денис Полевой"),
)


def sample_contests() -> tuple[Contest, ...]:
    """Delegates: up to 4 marks, 4 seats. Coordination Council: up to 2 marks, 2 seats."""
    return (
        Contest(
            {"en": "Delegates to the Congress", "ru": "Делегаты Съезда"},
            tuple(Option({"en": english, "ru": russian}) for english, russian in _DELEGATES),
            0,
            4,
            4,
        ),
        Contest(
            {"en": "Coordination Council", "ru": "Координационный совет"},
            tuple(Option({"en": english, "ru": russian}) for english, russian in _COUNCIL),
            0,
            2,
            2,
        ),
    )
