-- Grain:  grade_family, grade_group, clinical, classification, category: of how many detail cells of an organisation a count is the sum.
-- Inputs: grade_membership, translation, category.
-- Caveat: at most: of the source classification that has most categories in it. 'all' of clinical is three cells: clinical,
--         non-clinical, and those of whom it isn't known.
with grade_cells as (
    select
        grade_membership.grade_family,
        grade_membership.grade_group,
        split.clinical,
        count(*) * any_value(split.cells) as cells
    from grade_membership
    cross join (values ('all', 3), ('clinical', 1), ('non_clinical', 1)) as split (clinical, cells)
    group by grade_membership.grade_family, grade_membership.grade_group, split.clinical
),

category_source as (
    select
        to_classification as classification,
        to_category as category,
        from_classification,
        count(*) as cells
    from translation
    group by to_classification, to_category, from_classification
),

category_cells as (
    select
        category.classification,
        category.category,
        coalesce(max(category_source.cells), 1) as cells
    from category
    left join category_source
        on
            category.classification = category_source.classification
            and category.category = category_source.category
    group by category.classification, category.category
)

select
    grade_cells.grade_family,
    grade_cells.grade_group,
    grade_cells.clinical,
    category_cells.classification,
    category_cells.category,
    grade_cells.cells * category_cells.cells as cells
from grade_cells
cross join category_cells
order by all;
