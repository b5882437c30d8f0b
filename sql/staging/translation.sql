-- Grain:  a category of a source's classification and the category that it becomes in a reported classification.
-- Inputs: reference_categories, reference_crosswalk, category.
-- Caveat: a category without a row here has no counterpart, and is never split by guess: White other of the ESR is Gypsy or Irish
--         Traveller, Roma and Other White of the Census together (domain.md 5.2).
with identity as (
    select
        characteristic,
        classification as from_classification,
        category as from_category,
        classification as to_classification,
        category as to_category
    from reference_categories
),

crosswalk as (
    select
        characteristic,
        from_classification,
        from_category,
        to_classification,
        to_category
    from reference_crosswalk
),

every_translation as (
    select * from identity
    union all
    select * from crosswalk
)

select every_translation.*
from every_translation
semi join category
    on every_translation.to_classification = category.classification
order by all;
