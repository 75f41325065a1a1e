"""English words: those that hold a question together, those that are symbols too, and spellings."""

from __future__ import annotations

ARTICLES = frozenset(["the", "a", "an", "any", "some", "all", "every", "each"])
BE = frozenset(["is", "are", "was", "were", "be", "'s"])
DO = frozenset(["do", "does", "did"])
MODAL = frozenset(["can", "could", "may", "might", "will", "would"])
WHO = frozenset(["that", "which", "who"])

#: Words that never stand inside a name that is not known.
CLOSED = (
    frozenset(
        """
        of in on at by for from to with without not no nor and or but that which who whose whom
        what where when why how before after during between among than as if is are was were be
        been do does did can could may might will would has have had the a an any some all every
        each both either neither only except about per via into within least most more less fewer
        please there
        """.split()  # noqa: SIM905
    )
    | ARTICLES
)
#: Words of the grammar that are in no table of the lexicon.
FRAME = frozenset(
    """
    which what list show name find get give me tell display return us who where there how many
    much number count evidence support supports supporting paper papers publication publications
    reference references citation citations pmid pmids prove proves proof statements statement
    path paths route routes way between shortest connect connects connected link links linked
    reach reaches lead leads neighbour neighbours neighbor neighbors node nodes edge edges
    relationship relationships fact facts graph database chain central dogma groups group cells
    cell express expresses expressed top first best-supported highest strongest affinity ranked
    sorted ordered by most more than least over share percent per cent step steps hop hops direct
    directly immediate immediately describe about
    """.split()  # noqa: SIM905
)

#: Words of everyday English that are also somebody's symbol or alias. Each is a symbol only
#: where it stands in capitals, or where the question says that it is one ("the gene IMPACT").
ENGLISH = frozenset(
    """
    a about ache act add after again aid all also am an and any are area arm arms as ask at bad
    bar base be because been before being best better bit both but by call came can cap care cat
    cell cells chop clamp class clock coil common complex could cut damage data day did do does
    down drug each ease east edge effect either end even ever every evidence except face fact far
    fast fat fate few find fish fix flap flip for from full gap gas gene get give go good great
    group hand hard has have he help her here hex hi high him hint his hit hole hot how human i if
    impact in into is it its just keep key kill killer kind know large last lead left less let
    lets light like limit line link lip list little live lobe long look lot low made mail main
    make man many map maps mark mask mass mast match max may me mean member memo men met mice
    might min mine more most much must mutant nail name near need net never new next no node none
    nor not now number odd of off ok old on one only open or order other our out over own pad pair
    part particle past path pen people per permit place plan plus point pole post protein pure put
    rat rate read real receptor red related rest right rim ring rod role run same saw say see seen
    self set sex shape she short show side sign simple since site skip small so some sort spike
    spot star start state step still stop storm such tag take target tell ten test than that the
    their them then there these they thing this those through time tip tissue to together too top
    total trait traits trap treat try tube two type under unit up upon us use used via wait want
    was way we well were what when where which while who whose why will wing wise with word work
    would yes yet you your zip
    """.split()  # noqa: SIM905
)

#: British spellings, with the American ones that the sources use.
SPELLINGS: tuple[tuple[str, str], ...] = (
    ("signalling", "signaling"),
    ("leukaemi", "leukemi"),
    ("tumour", "tumor"),
    ("anaemi", "anemi"),
    ("oesophag", "esophag"),
    ("oestr", "estr"),
    ("oedema", "edema"),
    ("haem", "hem"),
    ("diarrhoea", "diarrhea"),
    ("paediatric", "pediatric"),
    ("coeliac", "celiac"),
    ("sulph", "sulf"),
    ("foet", "fet"),
    ("ischaemi", "ischemi"),
    ("fibre", "fiber"),
    ("behaviour", "behavior"),
    ("orthopaedic", "orthopedic"),
    ("gonorrhoea", "gonorrhea"),
)

#: First letters that stand for Greek ones in symbols (TNF-alpha, TNFA; NF-kappa-B1, NFKB1).
GREEK_INITIALS = {
    "alpha": "a",
    "beta": "b",
    "gamma": "g",
    "delta": "d",
    "epsilon": "e",
    "kappa": "k",
}
