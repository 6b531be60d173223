# SPDX-License-Identifier: AGPL-3.0-or-later
"""What every check of specs/verification.md#checks means in plain words, and the fixed words of reports, in two
languages.

One table for all: a check's row is (title, meaning) in English, then in Russian. A meaning says what would be true if
the check has passed.
"""

from typing import Final

LANGUAGES: Final = ("ru", "en")

Words = tuple[str, str]
"""A sentence in English and in Russian."""

CHECKS: Final[dict[str, tuple[str, str, str, str]]] = {
    "V01": (
        "Policy file",
        "You gave a list of the people and keys to trust, and its rules are safe.",
        "Файл доверия",
        "Вы дали список людей и ключей, которым доверяете, и его правила безопасны.",
    ),
    "V02": (
        "Files of the record",
        "The record has exactly the files it must have, and nothing is hidden in them.",
        "Файлы записи",
        "В записи ровно те файлы, которые должны быть, и в них ничего не спрятано.",
    ),
    "V03": (
        "Register: entries",
        "No line of the register of members was changed, removed or slipped in.",
        "Реестр: строки",
        "Ни одна строка реестра участников не изменена, не удалена и не подложена.",
    ),
    "V04": (
        "Register: policy",
        "The register was begun under the policy that you hold.",
        "Реестр: политика",
        "Реестр начат по тому файлу доверия, который есть у вас.",
    ),
    "V05": (
        "Register: witnesses",
        "Independent witnesses have signed every state of the register.",
        "Реестр: свидетели",
        "Независимые свидетели подписали каждое состояние реестра.",
    ),
    "V06": (
        "Register: times",
        "The times that witnesses wrote down fit the calendar of the register.",
        "Реестр: время",
        "Время, записанное свидетелями, соответствует расписанию реестра.",
    ),
    "V07": (
        "Register: decisions",
        "Every decision of the Supervisory Board and of the panel is signed by enough of them.",
        "Реестр: решения",
        "Каждое решение наблюдательного совета и комиссии подписано нужным числом их членов.",
    ),
    "V08": (
        "Register: members",
        "Two reviewers of different organisations admitted each member; nobody changed a member's key without right.",
        "Реестр: участники",
        "Каждого приняли двое проверяющих из разных организаций; ничей ключ не сменили без права на это.",
    ),
    "V09": (
        "Key of the lottery",
        "The key that draws lots was made by several holders together; none of them can know a draw alone.",
        "Ключ жеребьёвки",
        "Ключ жеребьёвки создан несколькими хранителями вместе; в одиночку никто не узнает жребий.",
    ),
    "V10": (
        "Ledger: entries",
        "No line of the election's ledger was changed, removed or slipped in.",
        "Журнал: строки",
        "Ни одна строка журнала выборов не изменена, не удалена и не подложена.",
    ),
    "V11": (
        "Announcement",
        "This election was announced by the board, once, and this is its ledger.",
        "Объявление",
        "Эти выборы объявлены советом, один раз, и это их журнал.",
    ),
    "V12": (
        "Ledger: witnesses",
        "Independent witnesses have signed every state of the election's ledger.",
        "Журнал: свидетели",
        "Независимые свидетели подписали каждое состояние журнала выборов.",
    ),
    "V13": (
        "Ledger: times",
        "The times that witnesses wrote down fit the calendar of the election.",
        "Журнал: время",
        "Время, записанное свидетелями, соответствует расписанию выборов.",
    ),
    "V14": (
        "Order within a batch",
        "Ballots that arrived together are shuffled by a fixed rule, so their order tells nothing.",
        "Порядок в пачке",
        "Бюллетени, пришедшие вместе, перемешаны по правилу: их порядок ни о чём не говорит.",
    ),
    "V15": (
        "Steps of the election",
        "The election went through its steps in order, each approved by enough members of the board.",
        "Этапы выборов",
        "Выборы прошли все этапы по порядку, каждый утверждён нужным числом членов совета.",
    ),
    "V16": (
        "References to the register",
        "Each step refers to this register, and never to an older state than the step before.",
        "Ссылки на реестр",
        "Каждый этап ссылается на этот реестр и никогда — на состояние старше предыдущего.",
    ),
    "V17": (
        "Appointment of key holders",
        "Registrars and trustees are different people of different organisations, in sufficient number.",
        "Назначение хранителей",
        "Регистраторы и хранители ключа — разные люди из разных организаций, и их достаточно.",
    ),
    "V18": (
        "Key for credentials",
        "The registrars made their common key together; none of them holds it alone.",
        "Ключ допусков",
        "Регистраторы создали общий ключ вместе; целиком его нет ни у кого.",
    ),
    "V19": (
        "Key for the tally",
        "The trustees made their common key together; none of them can open a ballot alone.",
        "Ключ подсчёта",
        "Хранители создали общий ключ вместе; в одиночку никто не откроет бюллетень.",
    ),
    "V20": (
        "Roll of voters",
        "The list of those who may vote follows from the register, without additions or omissions.",
        "Список избирателей",
        "Список избирателей точно следует из реестра: никто не добавлен и не пропущен.",
    ),
    "V21": (
        "Manifest",
        "Questions, candidates, seats and times are fixed in one document that was approved before voting.",
        "Манифест",
        "Вопросы, кандидаты, места и сроки закреплены одним документом, утверждённым до голосования.",
    ),
    "V22": (
        "Keys in the register",
        "The register named this election's keys in advance, and they serve no other election.",
        "Ключи в реестре",
        "Реестр заранее назвал ключи этих выборов, и они не служат никаким другим выборам.",
    ),
    "V23": (
        "Separation of keys",
        "No key serves two roles, and no organisation has two seats in one role.",
        "Разделение ключей",
        "Ни один ключ не служит двум ролям, ни у одной организации нет двух мест в одной роли.",
    ),
    "V24": (
        "Readiness",
        "Enough key holders proved that their parts of the keys work before they were needed.",
        "Готовность",
        "Достаточно хранителей заранее доказали, что их части ключей исправны.",
    ),
    "V25": (
        "Requests for credentials",
        "Only members on the roll asked for the right to vote, each once, signed with their own key.",
        "Заявки на допуск",
        "Право голоса запрашивали только люди из списка, каждый один раз, своей подписью.",
    ),
    "V26": (
        "Answers of registrars",
        "The registrars' answers to these requests are right, and are counted as the rules say.",
        "Ответы регистраторов",
        "Ответы регистраторов на заявки верны и учтены по правилам.",
    ),
    "V27": (
        "Right to vote",
        "Every ballot that is taken carries a valid anonymous right to vote and its owner's signature.",
        "Право голоса",
        "У каждого принятого бюллетеня есть действительный анонимный допуск и подпись владельца.",
    ),
    "V28": (
        "Encrypted ballots",
        "Every encrypted ballot is there, and is the one that its owner signed.",
        "Шифрованные бюллетени",
        "Все шифрованные бюллетени на месте, и это именно те, что подписали их владельцы.",
    ),
    "V29": (
        "Proofs of ballots",
        "Each counted ballot is proved to hold an allowed choice, unopened; of each voter the last one counts.",
        "Доказательства бюллетеней",
        "Для каждого учтённого бюллетеня доказано без вскрытия, что выбор допустим; у каждого учтён последний.",
    ),
    "V30": (
        "Not more votes than voters",
        "There are no more voting rights than answered requests, and no more requests than people on the roll.",
        "Голосов не больше, чем избирателей",
        "Допусков не больше, чем заявок с ответом, а заявок не больше, чем людей в списке.",
    ),
    "V31": (
        "Closing",
        "Voting was closed in time, and the list of refused entries is exactly what the rules give.",
        "Закрытие",
        "Голосование закрыто в срок, и список отклонённых строк в точности таков, как велят правила.",
    ),
    "V32": (
        "Extension",
        "Voting was extended only by what an outage allowed.",
        "Продление",
        "Голосование продлевали только настолько, насколько позволял перерыв в работе.",
    ),
    "V33": (
        "Encrypted sum",
        "The sum that was decrypted is the sum of exactly the counted ballots.",
        "Шифрованная сумма",
        "Расшифрована сумма именно учтённых бюллетеней.",
    ),
    "V34": (
        "Decryption",
        "Enough trustees decrypted the sum and proved that they did it right.",
        "Расшифровка",
        "Достаточно хранителей расшифровали сумму и доказали, что сделали это верно.",
    ),
    "V35": (
        "Totals",
        "The published numbers of votes are what the decryption gives.",
        "Итоги",
        "Опубликованные числа голосов — то, что дала расшифровка.",
    ),
    "V36": (
        "Drawing of lots",
        "Ties were broken once each, by lots that nobody could choose or foresee.",
        "Жеребьёвка",
        "Равенство голосов разрешено жребием, по разу, который никто не мог выбрать или предвидеть.",
    ),
    "V37": (
        "Seats",
        "The seats went to those whom the totals and the lots give them.",
        "Места",
        "Места получили те, кому их дают итоги и жребий.",
    ),
    "V38": (
        "Certificate",
        "The certificate of the result is complete and says nothing else than what was recomputed.",
        "Протокол",
        "Протокол результата полон и не говорит ничего, кроме пересчитанного здесь.",
    ),
    "V39": (
        "End",
        "The board approved the certificate, and witnesses signed the end of the ledger.",
        "Завершение",
        "Совет утвердил протокол, и свидетели подписали конец журнала.",
    ),
    "V40": (
        "Checkpoints from others",
        "What others saw of the ledgers is what this record shows.",
        "Отметки других людей",
        "То, что видели в журналах другие люди, совпадает с этой записью.",
    ),
    "V41": (
        "Claims of broken promises",
        "Ballots that the server promised to take and did not could not have changed a seat.",
        "Жалобы на нарушенные обещания",
        "Бюллетени, которые сервер обещал принять и не принял, не могли изменить ни одного места.",
    ),
}

LIMITS: Final[tuple[Words, ...]] = (
    (
        "No verifier can establish that members are real persons.",
        "Никакая проверка не установит, что участники — настоящие люди.",
    ),
    (
        "No verifier can establish that fewer than a threshold of key holders conspired.",
        "Никакая проверка не установит, что в сговоре было меньше хранителей, чем порог.",
    ),
    (
        "No verifier can establish that nobody was silently refused.",
        "Никакая проверка не установит, что никому молча не отказали.",
    ),
    (
        "No verifier can establish that trustees did not decrypt early.",
        "Никакая проверка не установит, что хранители не расшифровали раньше срока.",
    ),
)

VERDICTS: Final[dict[str, tuple[Words, Words]]] = {
    "VALID": (
        ("VALID", "ВЕРНО"),
        (
            "Everything was checked and everything is right.",
            "Проверено всё, и всё верно.",
        ),
    ),
    "INVALID": (
        ("INVALID", "НЕВЕРНО"),
        (
            "At least one check failed. This record must not be believed.",
            "Хотя бы одна проверка не пройдена. Этой записи верить нельзя.",
        ),
    ),
    "INCOMPLETE": (
        ("INCOMPLETE", "НЕПОЛНО"),
        (
            "Nothing wrong was found, but not everything could be checked. This is not a confirmation.",
            "Ошибок не найдено, но проверить удалось не всё. Это не подтверждение.",
        ),
    ),
}

STATUSES: Final[dict[str, Words]] = {
    "PASS": ("passed", "пройдена"),
    "FAIL": ("FAILED", "НЕ ПРОЙДЕНА"),
    "NOT CHECKED": ("not checked", "не проверено"),
}

COUNTS: Final[dict[str, Words]] = {
    "roll": ("on the roll", "в списке избирателей"),
    "requests": ("requests counted", "заявок учтено"),
    "answered": ("requests answered", "заявок с ответом"),
    "credentials": ("pseudonyms that voted", "псевдонимов голосовало"),
    "ballots": ("ballots before closing", "бюллетеней до закрытия"),
    "counted": ("ballots counted", "бюллетеней учтено"),
    "superseded": ("replaced by a later one", "заменено более поздними"),
    "late": ("counted, appended after the end", "учтено, внесено после конца"),
    "excluded": ("entries excluded", "строк отклонено"),
    "after_closing": ("ballots after closing", "бюллетеней после закрытия"),
    "batches": ("batches", "пачек"),
    "gaps": ("batches left out", "пачек пропущено"),
    "small_batches": ("small batches", "малых пачек"),
    "claims": ("claims proved", "жалоб доказано"),
}

WORDS: Final[dict[str, Words]] = {
    "report": ("Verification of an election", "Проверка выборов"),
    "policy": ("Policy", "Файл доверия"),
    "fingerprint": ("fingerprint", "отпечаток"),
    "demonstration": (
        "DEMONSTRATION: keys and clock are simulated",
        "ДЕМОНСТРАЦИЯ: ключи и часы ненастоящие",
    ),
    "unpinned": (
        "No policy was given: this one is from the record itself and proves nothing.",
        "Файл доверия не дан: этот взят из самой записи и ничего не доказывает.",
    ),
    "quorums": ("Who together could deceive you", "Кто, сговорившись, мог бы вас обмануть"),
    "quorums_meaning": (
        "Of each group below, so many together could break its part of the election; fewer cannot.",
        "Столько человек из каждой группы, сговорившись, могли бы нарушить её часть выборов; меньшее число — нет.",
    ),
    "quorums_witnesses": (
        "Witnesses need the operator's help for that, and leave evidence against themselves.",
        "Свидетелям для этого нужна помощь оператора, и они оставят улики против себя.",
    ),
    "election": ("election", "выборы"),
    "of": ("of", "из"),
    "result": ("Result", "Результат"),
    "no_result": ("There is no result yet.", "Результата ещё нет."),
    "uncertain": (
        "These numbers are not confirmed: see the verdict above.",
        "Эти числа не подтверждены: смотрите вывод вверху.",
    ),
    "elected": ("elected", "избран(а)"),
    "drawn": ("by lot", "по жребию"),
    "option": ("Option", "Вариант"),
    "votes": ("Votes", "Голоса"),
    "counts": ("Counts", "Числа"),
    "checks": ("Checks", "Проверки"),
    "examined": ("examined", "проверено"),
    "detail": ("detail", "подробности"),
    "warnings": ("Warnings", "Предупреждения"),
    "limits": ("What no verification can establish", "Чего не установит никакая проверка"),
    "excluded": ("Excluded entries", "Отклонённые строки"),
    "evidence": ("Evidence of a fork", "Свидетельство раздвоения журнала"),
    "claims": ("Claims", "Жалобы"),
    "state": ("state of the election", "состояние выборов"),
    "more": ("and more; see --json", "и другие; см. --json"),
    "admissions": ("Admissions by reviewer", "Кто сколько принял"),
    "board": ("Supervisory Board", "Наблюдательный совет"),
    "witnesses": ("Witnesses", "Свидетели"),
    "registrars": ("Registrars", "Регистраторы"),
    "trustees": ("Trustees", "Хранители ключа"),
    "lottery": ("Lottery holders", "Хранители жребия"),
}

STATES: Final[dict[str, Words]] = {
    "unknown": ("unknown", "неизвестно"),
    "draft": ("draft", "подготовка"),
    "ceremony": ("keys are being made", "создаются ключи"),
    "nomination": ("nomination", "выдвижение"),
    "roll-frozen": ("the roll is frozen", "список избирателей зафиксирован"),
    "issuing": ("credentials are issued", "выдаются права голоса"),
    "voting": ("voting", "голосование"),
    "closed": ("closed", "голосование закрыто"),
    "tallied": ("tallied", "подсчитано"),
    "certified": ("certified", "результат утверждён"),
    "void": ("void", "выборы отменены"),
}
"""States of specs/election.md#states for people."""
