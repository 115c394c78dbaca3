"""Who is in a study by name: the fictional cast of the demo, and casts of any size."""

from dataclasses import dataclass

import numpy as np

from synthesis.parameters import Parameters, Streams
from synthesis.sets import Floats

__all__ = ["CITY", "DEMO", "DEMO_POPULATION", "TRADITIONAL", "ActorSpec", "cast_of", "interests_of"]

TRADITIONAL = ("press", "tv", "radio")
"""Platforms whose audience is read about, not seen: actors there have no account."""

CITY = "Күмісқала"
DEMO_POPULATION = 412_000
DIMENSIONS = 6
"""Of the latent space of interests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActorSpec:
    """A named actor of one platform: whom it reaches, how often and in which way it posts."""

    platform: str
    native: str
    """Id on the platform; the actor is `platform:native`."""
    name: str
    kind: str
    audience: float
    """Share of the people who follow, or read in a week; the drawn set comes close to it."""
    handle: str | None = None
    title: str | None = None
    """Name of the channel where it is not the person's."""
    person: str | None = None
    camp: str
    """Actors of one camp appeal to the same people."""
    view_rate: float = 0.3
    """Share of the audience that a post, an issue or a day reaches."""
    posts: int = 0
    languages: tuple[tuple[str, float], ...] = (("kk", 0.5), ("ru", 0.5))
    labels: tuple[float, float, float] = (1.0, 0.0, 0.0)
    """Shares of posts without a call, with an open call, with a manipulative call."""
    topics: tuple[str, ...] = ()
    discussion: str | None = None
    """Id of the group in which the channel's posts are commented."""
    mirrors: str | None = None
    """The account whose posts this one repeats."""
    links: bool = False
    """Posts link to the actor's own site."""
    issues: int = 0
    """Issues or days of a traditional medium in the window."""
    copies_read_by: float = 0.0
    """Readers of one printed copy, for newspapers with a circulation figure."""
    rated: bool = False
    """The medium publishes a rating."""

    @property
    def actor_id(self) -> str:
        """The id of the data contract."""
        return f"{self.platform}:{self.native}"

    @property
    def traditional(self) -> bool:
        """Whether the actor has no account on a platform."""
        return self.platform in TRADITIONAL


_KK = (("kk", 0.8), ("mix", 0.2))
_RU = (("ru", 0.9), ("mix", 0.1))
_BOTH = (("kk", 0.5), ("ru", 0.5))
_CITY = ("transport", "city transport", "roads", "road", "housing", "utilities", "parks", "park", "construction")
_PEOPLE = ("charity", "volunteering", "ashar", "animals", "floods", "flood", "schools", "sick child", "cleanup")
_ALARM = ("prices", "food_prices", "corruption", "language_policy", "nuclear", "vaccination", "banks_debt", "fuel")


def _of(share: int) -> float:
    return share / DEMO_POPULATION


DEMO: tuple[ActorSpec, ...] = (
    ActorSpec(
        platform="telegram", native="1934460217", handle="aibar_aitady", name="Айбар Тайқоңыров", title="Айбар айтады",
        kind="leader", person="aibar-taiqonyrov", camp="steppe", audience=_of(128_000), view_rate=0.44, posts=52,
        languages=_KK, labels=(0.48, 0.50, 0.02), topics=_PEOPLE, discussion="2140077365",
    ),
    ActorSpec(
        platform="telegram", native="1801552946", handle="moldir_soz", name="Мөлдір Бөкеншина", title="Мөлдір сөз",
        kind="leader", person="moldir-bokenshina", camp="home", audience=_of(52_000), view_rate=0.39, posts=38,
        languages=_KK, labels=(0.55, 0.45, 0.0), topics=("schools", "health", "womens_rights", "charity"),
    ),
    ActorSpec(
        platform="telegram", native="1466203871", handle="pristepnov", name="Игорь Пристепнов",
        title="Пристепнов. Городское", kind="leader", person="igor-pristepnov", camp="town", audience=_of(66_000),
        view_rate=0.36, posts=40, languages=_RU, labels=(0.55, 0.43, 0.02), topics=_CITY,
    ),
    ActorSpec(
        platform="telegram", native="2057718403", handle="qala_shyndygy", name="Рүстем Құзғынбай",
        title="Қала шындығы | Правда города", kind="leader", person="rustem-quzgynbai", camp="anger",
        audience=_of(83_000), view_rate=0.47, posts=58, languages=(("kk", 0.35), ("ru", 0.45), ("mix", 0.20)),
        labels=(0.33, 0.12, 0.55), topics=_ALARM,
    ),
    ActorSpec(
        platform="telegram", native="1622917058", handle="dvor_i_ludi", name="Светлана Полынцева", title="Двор и люди",
        kind="leader", person="svetlana-polyntseva", camp="town", audience=_of(7_500), view_rate=0.52, posts=26,
        languages=_RU, labels=(0.42, 0.58, 0.0), topics=("animals", "parks", "housing", "utilities", "charity"),
    ),
    ActorSpec(
        platform="telegram", native="1388204519", handle="kumis_info", name="Kumis Info",
        title="Kumis Info | Жаңалықтар", kind="media", person="kumis-info", camp="news", audience=_of(27_000),
        view_rate=0.27, posts=44, languages=(("kk", 0.55), ("ru", 0.35), ("mix", 0.10)), labels=(0.98, 0.02, 0.0),
    ),
    ActorSpec(
        platform="telegram", native="1290335872", handle="kumisqala_akimat", name="Күмісқала қаласының әкімдігі",
        kind="state", person="akimat-kumisqala", camp="office", audience=_of(17_500), view_rate=0.21, posts=28,
        languages=_BOTH, labels=(0.52, 0.48, 0.0),
        topics=("floods", "flood", "schools", "health", "transport", "water", "heating", "fraud", "vaccination"),
    ),
    ActorSpec(
        platform="telegram", native="1753096284", handle="teng_qadam", name="«Тең қадам» партиясы", kind="party",
        person="teng-qadam", camp="office", audience=_of(4_800), view_rate=0.24, posts=22, languages=_BOTH,
        labels=(0.50, 0.36, 0.14), topics=("elections", "party", "corruption", "taxes", "pensions", "language_policy"),
    ),
    ActorSpec(
        platform="telegram", native="1837410596", handle="ozen_demi", name="«Өзен демі» қоғамдық қоры", kind="ngo",
        person="ozen-demi", camp="town", audience=_of(6_200), view_rate=0.41, posts=24, languages=_BOTH,
        labels=(0.38, 0.62, 0.0), topics=("ecology", "water", "animals", "cleanup", "smog", "parks"),
    ),
    ActorSpec(
        platform="telegram", native="1915528730", handle="qurysh_qol", name="«Құрыш қол» кәсіподағы", kind="union",
        person="qurysh-qol", camp="works", audience=_of(9_100), view_rate=0.38, posts=22, languages=_BOTH,
        labels=(0.41, 0.54, 0.05), topics=("labour", "unions", "union", "mining_towns", "pensions", "factory"),
    ),
    ActorSpec(
        platform="x", native="2871640953", handle="pristepnov", name="Игорь Пристепнов", kind="leader",
        person="igor-pristepnov", camp="town", audience=_of(5_200), view_rate=0.26, posts=20,
        mirrors="telegram:1466203871",
    ),
    ActorSpec(
        platform="x", native="1094427718802", handle="asyrgaq", name="Айгерім Сырғақова", kind="leader",
        person="aigerim-syrgaqova", camp="home", audience=_of(9_800), view_rate=0.24, posts=36,
        languages=(("en", 0.6), ("mix", 0.3), ("kk", 0.1)), labels=(0.50, 0.50, 0.0),
        topics=("ecology", "women_rights", "womens_rights", "volunteering", "language_policy"),
    ),
    ActorSpec(
        platform="x", native="3305178426", handle="denis_buranny", name="Денис Буранный", kind="leader",
        person="denis-buranny", camp="anger", audience=_of(7_400), view_rate=0.33, posts=44,
        languages=(("ru", 0.5), ("mix", 0.3), ("en", 0.2)), labels=(0.36, 0.14, 0.50), topics=_ALARM,
    ),
    ActorSpec(
        platform="x", native="1448063315", handle="kumis_info", name="Kumis Info", kind="media", person="kumis-info",
        camp="news", audience=_of(4_100), view_rate=0.17, posts=30, mirrors="telegram:1388204519", links=True,
    ),
    ActorSpec(
        platform="x", native="2610094481", handle="arna_kumis", name="Арна-Күміс телеарнасы", kind="media",
        person="arna-kumis", camp="news", audience=_of(2_600), view_rate=0.15, posts=12, languages=_BOTH,
        labels=(1.0, 0.0, 0.0), links=True,
    ),
    ActorSpec(
        platform="x", native="1879336204", handle="kumisqala_kz", name="Әкімдік | Күмісқала", kind="state",
        person="akimat-kumisqala", camp="office", audience=_of(2_200), view_rate=0.16, posts=12,
        mirrors="telegram:1290335872",
    ),
    ActorSpec(
        platform="x", native="1265507713044", handle="ozen_demi", name="Өзен демі", kind="ngo", person="ozen-demi",
        camp="town", audience=_of(1_700), view_rate=0.22, posts=12, languages=(("en", 0.5), ("ru", 0.5)),
        labels=(0.42, 0.58, 0.0), topics=("ecology", "water", "animals", "cleanup", "smog"),
    ),
    ActorSpec(
        platform="press", native="kumis-tany", name="«Күміс таңы» газеті", kind="media", person="kumis-tany",
        camp="print", audience=_of(14_500), view_rate=0.62, issues=13, languages=(("kk", 1.0),), copies_read_by=2.3,
    ),
    ActorSpec(
        platform="press", native="kumiskalinskiy-vestnik", name="Кумискалинский вестник", kind="media",
        person="kumiskalinskiy-vestnik", camp="print", audience=_of(8_200), view_rate=0.66, issues=6,
        languages=(("ru", 1.0),),
    ),
    ActorSpec(
        platform="tv", native="arna-kumis", name="Арна-Күміс телеарнасы", kind="media", person="arna-kumis",
        camp="news", audience=_of(74_000), view_rate=0.31, issues=46, rated=True,
    ),
    ActorSpec(
        platform="radio", native="iin", name="Иін радиосы", kind="media", person="iin", camp="drive",
        audience=_of(19_000), view_rate=0.34, issues=46,
    ),
)  # fmt: skip
"""People, outlets and organisations of the demo. All are invented; so is the city."""


def cast_of(parameters: Parameters, streams: Streams) -> tuple[ActorSpec, ...]:
    """Return the cast of a study.

    Raises ValueError if a generated cast has no leader or no medium.
    """
    if parameters.cast == "demo":
        return DEMO
    if parameters.leaders < 1 or parameters.outlets < 1:
        raise ValueError(
            f"a study needs a leader and an outlet, got leaders={parameters.leaders!r}, outlets={parameters.outlets!r}"
        )
    return _generated(parameters, streams("cast"))


def _generated(parameters: Parameters, rng: np.random.Generator) -> tuple[ActorSpec, ...]:
    planted = parameters.manipulative_leaders
    kinds = ["leader"] * parameters.leaders + ["media"] * max(1, parameters.outlets // 2)
    kinds += [("party", "ngo", "union", "state")[index % 4] for index in range(parameters.organisations)]
    weights = np.exp(0.5 * rng.standard_normal(len(kinds)))
    posts = np.maximum(1, np.floor(parameters.posts * weights / weights.sum())).astype(int)
    specs = [
        _account(index, kind, int(posts[index]), parameters, rng, planted=index < planted)
        for index, kind in enumerate(kinds)
    ]
    return tuple(specs + [_outlet(index, rng) for index in range(parameters.outlets)])


def _account(
    index: int, kind: str, posts: int, parameters: Parameters, rng: np.random.Generator, *, planted: bool
) -> ActorSpec:
    # Planted leaders alternate, so that a coordinated group on X always has one to serve.
    platform = "x" if (index % 2 == 0 if planted else rng.random() < 0.4) else "telegram"
    share = parameters.x_share if platform == "x" else parameters.telegram_share
    size = {"leader": 0.020, "media": 0.016}.get(kind, 0.004) * float(np.exp(0.9 * rng.standard_normal()))
    manipulative = parameters.manipulative_share if planted else (0.02 if rng.random() < 0.3 else 0.0)
    rest = 1 - manipulative
    open_calls = rest * (0.02 if kind == "media" else float(0.15 + 0.4 * rng.random()))
    languages = (_KK, _RU, _BOTH, (("kk", 0.4), ("ru", 0.4), ("mix", 0.15), ("en", 0.05)))[int(rng.integers(4))]
    return ActorSpec(
        platform=platform, native=str((1_300_000_000 if platform == "telegram" else 2_100_000_000) + 7_919 * index),
        handle=f"{kind}_{index:04d}", name=f"{kind.capitalize()} {index:04d}", kind=kind, person=f"{kind}-{index:04d}",
        camp="planted" if planted else f"camp-{int(rng.integers(12))}", audience=min(0.35 * share, size * share / 0.5),
        view_rate=float(0.15 + 0.35 * rng.random()), posts=posts, languages=languages,
        labels=(rest - open_calls, open_calls, manipulative), links=kind == "media",
        discussion=str(2_200_000_000 + 7_919 * index) if platform == "telegram" and rng.random() < 0.4 else None,
    )  # fmt: skip


def _outlet(index: int, rng: np.random.Generator) -> ActorSpec:
    platform = ("press", "press", "tv", "radio")[index % 4]
    size = {"press": 0.015, "tv": 0.08, "radio": 0.03}[platform] * float(np.exp(0.6 * rng.standard_normal()))
    return ActorSpec(
        platform=platform, native=f"outlet-{index:03d}", name=f"Outlet {index:03d}", kind="media",
        person=f"outlet-{index:03d}", camp=f"camp-{int(rng.integers(12))}", audience=min(0.5, size),
        view_rate=float(0.3 + 0.3 * rng.random()), issues=13 if platform == "press" else 46,
        copies_read_by=2.3 if platform == "press" else 0.0, rated=platform == "tv",
    )  # fmt: skip


def interests_of(cast: tuple[ActorSpec, ...], streams: Streams) -> Floats:
    """Return what each actor is about, one row of the latent space per actor."""
    rows = []
    for spec in cast:
        camp = streams(f"camp {spec.camp}").standard_normal(DIMENSIONS)
        rows.append(camp + 0.35 * streams(f"actor {spec.actor_id}").standard_normal(DIMENSIONS))
    return np.asarray(rows) * 0.6
