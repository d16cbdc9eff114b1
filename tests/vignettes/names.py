"""The words of a vignette and the words of the protocols: patient facts, events, settings. Written down once.

A word that stands nowhere here fails with its name: a fact that nobody reads must not look like a fact that
changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

INPUTS: Mapping[str, str] = {
    "age": "age", "weight": "weight", "dosing_weight": "weight", "location": "location", "shock": "shock",
    "map": "MAP", "map_baseline": "MAP", "sbp": "SBP", "dbp": "DBP", "hr": "heart_rate", "spo2": "SpO2",
    "scr": "creatinine", "scr_baseline": "creatinine_baseline", "aki_stage": "aki_stage",
    "urine_output": "urine_output", "lactate": "lactate", "crt": "CRT", "svo2": "SvO2", "scvo2": "ScvO2",
    "gcs": "GCS", "mental_status": "mental_status", "skin_perfusion": "skin_perfusion",
    "extremity_perfusion": "extremity_perfusion", "gut_ischaemia": "gut_ischaemia",
    "ecg_rhythm": "ecg_arrhythmia", "ecg": "ecg_arrhythmia", "ecg_arrhythmia": "ecg_arrhythmia",
    "chest_pain": "chest_pain", "lvef": "LVEF", "low_co": "low_output", "meld": "MELD",
    "aclf_grade": "aclf_grade", "fluid_balance": "fluid_balance", "plr_response": "fluid_responsive",
    "fluid_responsive": "fluid_responsive", "central_access": "central_access",
    "arterial_line": "arterial_line_present", "hrs": "hrs", "hrs_type": "hrs_type", "cirrhosis": "cirrhosis",
    "ascites": "ascites", "terlipressin_available": "terlipressin_available",
    "levosimendan_available": "levosimendan_available", "severe": "renal_failure_severe",
    "failed_terlipressin": "terlipressin_failed", "failed_norepinephrine": "norepinephrine_failed",
    "failed_midodrine_octreotide": "midodrine_octreotide_failed", "renal_improved": "renal_improved",
    "responded_midodrine_octreotide": "renal_improved", "suitable": "tips_suitable",
    "tips_suitable": "tips_suitable", "scr_doubling_trajectory": "creatinine_doubling",
    "tbi": "tbi", "spinal_cord_injury": "spinal_cord_injury", "sci": "spinal_cord_injury",
    "bleeding_controlled": "bleeding_controlled", "transfusion_ok": "transfusion_adequate",
    "blood_products_ok": "transfusion_adequate", "restricted_fluid": "restricted_fluid",
    "hypovolaemia": "hypovolaemia", "volume_assessed": "volume_assessed",
    "volume_overload": "volume_overload", "volume_overload_signs": "volume_overload",
    "pulmonary_oedema": "volume_overload", "crackles": "volume_overload",
    "failed_inotrope": "inotrope_failed", "failed_dobutamine": "inotrope_failed",
    "failed_dopamine": "inotrope_failed", "failed_dopamine_dobutamine": "inotrope_failed",
    "failed_fluid_challenge": "fluid_challenge_failed",
    "fluid_indicated": "fluid_challenge_indicated", "myocardial_dysfunction": "myocardial_dysfunction",
    "preload_ok": "preload_adequate", "chronic_hypertension": "chronic_hypertension",
    "haemodynamically_stable": "hemodynamically_stable", "newborn_term": "newborn_term",
    "aki_risk_factor": "aki_risk", "aki_risk": "aki_risk",
}  # fmt: skip
"""By the word of the data dictionary: our input."""
_GRADES = ("none", "grade1", "grade2", "grade3")
_STAGES = ("none", "stage1", "stage2", "stage3")
VALUES: Mapping[tuple[str, str], str] = {
    ("shock", "haemorrhagic_trauma"): "hemorrhagic",
    ("shock", "haemorrhagic"): "hemorrhagic",
    ("hrs_type", "1"): "type1",
    ("hrs_type", "2"): "type2",
    ("ecg_arrhythmia", "sinus"): "no",
    ("ecg_arrhythmia", "normal"): "no",
    ("ecg_arrhythmia", "arrhythmia"): "yes",
    **{("aki_stage", str(one)): stage for one, stage in enumerate(_STAGES)},
    **{("aclf_grade", str(one)): grade for one, grade in enumerate(_GRADES)},
}
SETTINGS: Mapping[str, tuple[str, ...]] = {
    "high_dose_ne": ("high_dose", "high_requirement"),
    "high_requirement": ("high_requirement",),
    "map_target": ("map_target", "chronic_hypertension_target"),
    "albumin_cap": ("albumin_load_cap",),
    "day_reading": ("failure_after",),
    "reassess_interval": ("reassess_after",),
    "taper_step": ("taper_step",),
    "taper_interval": ("taper_interval",),
    "emergency_bridge": ("emergency_bridge",),
    "sci_rule": ("cord_injury_as_brain_injury",),
}
"""What a site chooses, by the dictionary's word; the protocols that have the setting take it."""
CHOICES: Mapping[tuple[str, str], str] = {
    ("day_reading", "start"): "72 h",
    ("day_reading", "end"): "96 h",
    ("sci_rule", "as TBI"): "yes",
    ("sci_rule", "ask"): "no",
    ("albumin_cap", "100 g/day"): "100 g",
}
EVENTS: Mapping[str, tuple[str, object] | None] = {
    "angina": None,
    "arrhythmia": None,
    "cardiac_ischaemia": None,
    "splanchnic_ischaemia": None,
    "digital_ischaemia": None,
    "extravasation": None,
    "discharge": None,
    "intestinal_ischaemia": ("gut_ischaemia", True),
    "mesenteric_ischaemia": ("gut_ischaemia", True),
    "skin_lesion": ("extremity_perfusion", "ischaemic"),
    "volume_overload": ("volume_overload", True),
    "volume_overload_signs": ("volume_overload", True),
    "bleeding_controlled": ("bleeding_controlled", True),
    "central_line_placed": ("central_access", True),
    "arterial_line_placed": ("arterial_line", True),
    "haemodynamically_stable": ("haemodynamically_stable", True),
    "transfer_to_icu": ("location", "ICU"),
    "transfer_to_ward": ("location", "ward"),
}
"""What happens: an event of the protocols by the same name, or a fact that is true from then on."""
NOT_TOLD = frozenset(
    {
        "sex", "recent_mi", "post_ptca", "angina", "ppv", "blood_products", "weight_basis", "dry_weight",
        "measured_weight", "bmi", "adult", "elderly", "concentration", "gestation", "terlipressin_form",
        "infection", "source", "spontaneous_bacterial_peritonitis", "diagnosis", "map_source", "discharge",
        "ne_trigger_reading", "vp_cap", "response_bound", "baseline_kind", "max_day_inclusive",
        "clock_start_4h", "precedence", "cardiogenic_source", "label_safety_layer", "overload_action",
        "trauma", "map_ok",
    }
)  # fmt: skip
"""Said of a patient or a site and asked by no rule: what another fact decides (`transfusion_ok`), a choice
that the protocols have made, and `angina: false`, since an event is an instant.
"""


def input_of(name: str) -> str:
    """Our input for a word of the dictionary; a word that stands nowhere is an error of the mapping."""
    assert name in INPUTS, f"a patient fact I do not know: {name}. It belongs into INPUTS or NOT_TOLD"
    return INPUTS[name]
