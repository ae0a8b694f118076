"""The definitions of each schema of a registry file, as the migrations make them (migrations/, docs/store.md)."""

from __future__ import annotations

APPLICATION_ID = 0x574E4954
"""The `application_id` of a registry: "WNIT" in ASCII."""

NEWEST_SCHEMA = 6
"""The newest schema that this version reads; `user_version` of a file is the number of its schema."""

DEFINITIONS = (
    ("index aliases_by_run", 2, 6, "97335812592dca3e0e36d337ccebd72c"),
    ("index chunks_by_size", 2, 6, "6dde2793d30f85ac3e29a4876687c549"),
    ("index history_by_run", 2, 6, "a8b078c2c4eb953b21bd4eafb1d94b4d"),
    ("index lease_chunks_by_chunk", 2, 6, "dd46464edd371dd4d4fc6cdd25f6dc5f"),
    ("index runs_by_experiment", 2, 6, "d63dd7b1c2714a8a4f3475311439bbe1"),
    ("index runs_by_experiment_and_name", 6, 6, "45b9b486cf75528e11a241dd42bfd82f"),
    ("index runs_by_experiment_and_parameters", 6, 6, "f4c539b899e9edcf1ee6ee31a374a6a1"),
    ("index runs_by_manifest", 1, 6, "faa89da532aae8c30dccf39f7ba61682"),
    ("index runs_by_name", 2, 6, "3defcc890e891fbf7129a8a9caa608b0"),
    ("index runs_by_parameters", 2, 6, "50293b0162433bcd4599dad02efde25f"),
    ("index runs_by_seed", 2, 6, "9fa08a010f0c7bcefa45e23d8bbfe8df"),
    ("index runs_by_time", 2, 6, "32933ca22a2b3f27d16eca03a2237fff"),
    ("index runs_by_uid", 2, 6, "30eae8bb45d1e11dc623504707e224bf"),
    ("index sqlite_autoindex_chunks_1", 1, 6, "e3b0c44298fc1c149afbf4c8996fb924"),
    ("index sqlite_autoindex_diagnoses_1", 5, 6, "e3b0c44298fc1c149afbf4c8996fb924"),
    ("index sqlite_autoindex_manifests_1", 1, 6, "e3b0c44298fc1c149afbf4c8996fb924"),
    ("index sqlite_autoindex_migrations_1", 1, 6, "e3b0c44298fc1c149afbf4c8996fb924"),
    ("index sqlite_autoindex_runs_1", 1, 6, "e3b0c44298fc1c149afbf4c8996fb924"),
    ("index sqlite_autoindex_tensors_1", 1, 6, "e3b0c44298fc1c149afbf4c8996fb924"),
    ("index sqlite_autoindex_tensors_2", 1, 6, "e3b0c44298fc1c149afbf4c8996fb924"),
    ("index tags_by_value", 2, 6, "3140adc7a46019a1b28a8251e1a4368d"),
    ("index tensor_chunks_by_chunk", 1, 6, "ce424555b607ad26808498a41833f2d0"),
    ("index words_by_run", 2, 2, "e03c56aeb70fc0e683d942f33513ce98"),
    ("index words_by_run", 3, 6, "61d784b9fb88e1228ed5fd9cfe489705"),
    ("table aliases", 2, 6, "7efcd4033ed1011970e148197ad2d2f5"),
    ("table chunks", 1, 6, "9e813cd73ae72a5e317c375d0a689a70"),
    ("table diagnoses", 5, 6, "d66fe098ccc144d7396174558467cd41"),
    ("table history", 2, 6, "292e179c3bdf25b3577e33f851db7ab5"),
    ("table lease_chunks", 2, 6, "2d3cb2394de354e24aeba8b946c3ecba"),
    ("table leases", 2, 6, "51ca523e93578b92ba43a9d516805dd5"),
    ("table manifests", 1, 6, "f5f72ed44d0825d97ce7bb8c3f983966"),
    ("table migrations", 1, 6, "85c6ae1d3784fd22e2d189159f7ec853"),
    ("table names", 2, 6, "b505659c7c6c9e18188045ee7d21477b"),
    ("table pass_runs", 2, 2, "08cd05f41084d900b37a97359eeeef00"),
    ("table pass_runs", 3, 6, "55c57224f84886013eef8e03bcd33e65"),
    ("table passes", 2, 2, "6acf776c0df6b048ce7766c48701a5fc"),
    ("table run_terms", 3, 6, "d04ce523a3a638c4cf3c62a602ccc8d8"),
    ("table runs", 1, 1, "211cc9c3ec66840f8927e5820ac8852f"),
    ("table runs", 2, 3, "98165e6d079c08136c709ebb03a2e458"),
    ("table runs", 4, 6, "2050691e14093e64bec9aedf7c9391a5"),
    ("table sqlite_sequence", 2, 6, "4cb1eaf14467f226196148cb56885696"),
    ("table tags", 2, 6, "962fec7717996779f2a3fb933480cb48"),
    ("table tensor_chunks", 1, 6, "f37f18c809d5843b038a22beadc47cd2"),
    ("table tensors", 1, 3, "b8ef42ec1db0d4ba3ccd74ac43b4bec7"),
    ("table tensors", 4, 6, "28d571f5a5bf16a04f77e4c723aa0fbe"),
    ("table verification_passes", 3, 6, "d2a58f1e86f05092cf077874ef7daeef"),
    ("table words", 2, 2, "2ffc1977dbd997c5adfbbb656686ae50"),
    ("trigger history_is_not_changed", 2, 6, "ef1b55c70b9dba2728a8e0d8d90d6486"),
    ("trigger history_is_not_deleted", 2, 6, "e096707b80bf2323d4d08e609d9227f7"),
    ("trigger history_is_not_replaced", 2, 6, "dfe292f10b4c5b86f7662f841525c602"),
    ("trigger runs_stay_what_they_are", 2, 6, "ef90cf4db33a09747c079570df62976d"),
)
"""Each table, index and trigger with the first and the last schema that has it in this form, and the first 128 bits of
the SHA-256 of its SQL. A test compares the list with the migrations."""


def definitions(schema: int) -> dict[str, str]:
    """Returns the digest of each definition of a schema."""
    return {name: digest for name, first, last, digest in DEFINITIONS if first <= schema <= last}
