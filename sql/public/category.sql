-- Grain:  characteristic, classification, category: a category of a classification that the release reports.
-- Inputs: category, reference_classifications.
-- Caveat: no counts: public. sort_order is the place within the classification.
select
    category.characteristic,
    category.classification,
    reference_classifications.title as classification_title,
    category.category,
    category.label,
    category.sort_order
from category
inner join reference_classifications on category.classification = reference_classifications.classification
order by category.characteristic, category.classification, category.category;
