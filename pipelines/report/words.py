"""Words of the pack: what verdicts, comparators, grades and groups are called where a director reads them."""

from collections.abc import Mapping
from typing import Any

from pipelines.figures import ages, vintage

SYNTHETIC = "SYNTHETIC DATA, made by edi sample: no real person or employer is described."

# What each verdict of a gap is called, with a sign that needs no colour; blank is a finding that can't be stated.
VERDICTS = {
    "lower": "lower",
    "higher": "higher",
    "similar": "about the same",
    "cannot_tell": "cannot tell",
    "": "can’t be said",
}
SIGNS = {
    "lower": "▼",
    "higher": "▲",
    "about the same": "=",
    "cannot tell": "?",
    "can’t be said": "–",
}

# Comparators in the order in which they stand beside each other, with the heads of their columns.
COMPARATORS = {
    "population": "Residents",
    "catchment": "Catchment",
    "england": "England",
    "workforce": "Own staff",
    "previous": "A year before",
}

# Whose share a finding is held against, in a cell.
AGAINST = {
    "population": "residents",
    "catchment": "residents where patients live",
    "england": "residents of England",
    "workforce": "its own staff",
    "previous": "itself a year before",
}

# People of a grade group, as they are spoken of; of every other group the label is used.
STAFF = {
    ("all", "all"): "NHS staff",
    ("afc", "all"): "staff in Agenda for Change bands",
    ("medical", "all"): "doctors and dentists",
    ("vsm", "all"): "very senior managers",
    ("other", "all"): "other NHS staff",
    ("social_care", "all"): "social care staff",
    ("afc", "afc_8a_plus"): "staff in bands 8a and above",
    ("afc", "afc_8c_plus"): "staff in bands 8c and above",
    ("medical", "consultant"): "consultants",
}

# The grade groups that stand beside each other wherever one is shown alone.
BESIDE = (("all", "all"), ("afc", "afc_8a_plus"), ("afc", "afc_8c_plus"), ("medical", "all"), ("social_care", "all"))

# Groups that sentences name otherwise than the lists do: of people, and as what they are.
GROUPS = {
    "BME": ("BME people", "BME"),
    "White": ("White people", "White"),
    "Female": ("Women", "women"),
    "Male": ("Men", "men"),
    "Disabled": ("Disabled people", "Disabled"),
}

CHARACTERISTICS = {
    "ethnicity": "Ethnicity",
    "sex": "Sex",
    "age": "Age",
    "disability": "Disability",
    "religion": "Religion or belief",
    "sexual_orientation": "Sexual orientation",
    "marital_status": "Marriage and civil partnership",
}

# What classifications are called in links and on sheets, whose names are short.
NAMES = {
    "esr_age_bands": "age",
    "equality_act_2010": "disability",
    "census_2021_religion": "religion",
    "census_2021_sexual_orientation": "orientation",
    "esr_marital_status": "marriage",
}

RATINGS = {"adequate": "enough is known", "caution": "read with caution", "unreliable": "too little is known"}


def staff(grade_family: str, grade_group: str, label: str = "") -> str:
    """Return what the people of a grade group are called."""
    return STAFF.get((grade_family, grade_group), f"staff in {label or grade_group}")


def named(classification: str) -> str:
    """Return what a classification is called in a name."""
    return NAMES.get(classification, classification)


def capital(words: str) -> str:
    """Return words with a capital at their beginning, and all else as it is."""
    return words[:1].upper() + words[1:]


def group(category: str, label: str) -> str:
    """Return what a group is called at the beginning of a sentence or line."""
    return GROUPS[category][0] if category in GROUPS else label


def were(category: str, label: str) -> str:
    """Return what people of a group are, in a sentence."""
    return GROUPS[category][1] if category in GROUPS else label


def against(row: Mapping[str, Any]) -> str:
    """Return what a share is held against, with its ages and its date."""
    place = {
        "population": "residents of the area served",
        "catchment": "residents of where its patients live",
        "england": "residents of England",
        "workforce": "its own staff, all grades of the same family",
        "previous": "itself twelve months before",
    }[row["comparator"]]
    if row["age_range"] is None:
        return place
    return f"{place} ({ages(row['age_range'])}, {vintage(row['population_vintage'])})"
