-- Grain:  a category of a classification that is reported.
-- Inputs: reference_categories, method.
select
    reference_categories.characteristic,
    reference_categories.classification,
    reference_categories.category,
    reference_categories.label,
    reference_categories.sort_order::integer as sort_order
from reference_categories
inner join method on list_contains(method.classifications, reference_categories.classification)
order by reference_categories.classification, sort_order;
