"""The alerts that a vignette may name, and the words in which our protocols say the same. Said once."""

from __future__ import annotations

from collections.abc import Mapping

_ALERTS: Mapping[str, str] = {
    r"no albumin|without albumin": "albumin_missing",
    r"treatment failure": "treatment_failure",
    r"14 days": "max_duration_exceeded",
    r"below 0\.5 mg/h": "norepinephrine_below_range",
    r"above 3 mg/h": (
        "norepinephrine_over_max norepinephrine_above_range norepinephrine_over_range "
        "hrs_norepinephrine_over_max"
    ),
    r"no vasopressor is enabled": "no_pressor_enabled_map_low",
    r"off its fixed dose|above its fixed dose": "vasopressin_off_dose",
    r"above 0\.04": "vasopressin_over_max",
    r"extreme and vasopressin is not running": "vasopressin_delayed",
    r"vasopressin is overdue": "vasopressin_overdue",
    r"norepinephrine is extreme|norepinephrine is above 0\.5": (
        "norepinephrine_extreme extreme_norepinephrine extreme_ne"
    ),
    r"without norepinephrine": "vasopressin_alone vasopressin_monotherapy vasopressin_without_norepinephrine",
    r"no inotrope does": "no_inotrope inotrope_missing vasopressin_without_inotrope",
    r"has leaked": "extravasation",
    r"12 hours have passed|12 h.*passed": "phentolamine_window_missed",
    r"may be over": "phentolamine_window_doubtful extravasation_onset_unknown",
    r"extreme caution": "extreme_caution",
    r"dobutamine is above 10": "dobutamine_over_range",
    r"[Nn]o rule applies": "no_rule_applies uncovered_population",
    r"no step is enabled": (
        "goal_unmet_no_step no_step_enabled goal_unmet_no_enabled_step dead_zone unreachable_goal"
    ),
    r"signs of digital or gut ischaemia": "ischaemia_signs",
    r"now: .*fluid overload|fluid overload, so neither": (
        "volume_overload fluid_overload overload albumin_overload overload_on_albumin albumin_hold"
    ),
    r"nobody has looked for fluid overload": "overload_check_overdue overload_unchecked",
    r"shock together|several kinds of shock": (
        "mixed_shock mixed_aetiology mixed_population precedence_required population_overlap "
        "protocol_conflict"
    ),
    r"one article starts norepinephrine|disagree": "source_conflict precedence_conflict",
    r"does not replace volume": "hypovolaemia vasopressor_before_volume",
    r"Above 90|above 90 with": "sbp_above_band",
    r"No permissive hypotension|permissive hypotension": (
        "permissive_hypotension_contraindicated no_permissive_hypotension"
    ),
    r"no source covers|only dose any source prints|neonatologist": (
        "out_of_scope not_covered no_source newborn adult_rules_do_not_apply not_applicable"
    ),
    r"ceiling": "ceiling_reached norepinephrine_ceiling",
    r"more than the cap on one load": (
        "albumin_load_capped albumin_cap albumin_over_cap albumin_load_over_cap"
    ),
    r"measured or dry": "weight_basis weight_basis_unstated dosing_weight_basis ascites_weight",
    r"below target": "map_below_target",
}
"""By the words of a notice, a pattern: the codes that may name it, blanks between them."""
CODES: Mapping[str, str] = {code: words for words, codes in _ALERTS.items() for code in codes.split()}
