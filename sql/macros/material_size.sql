-- material_size(comparator_share, material_gap, material_ratio): the size from which on a gap matters.
--
-- Returns: double, a difference of shares: the smaller of material_gap and (1 - material_ratio) of the comparator's share; where
--          nobody of the comparator is in the group, material_gap.
-- Inputs:  material_gap as a difference of shares (0.05 is five percentage points); material_ratio such as 0.8.
-- Source:  docs/decisions/0004; domain.md 3.2 for the ratio.
create or replace macro material_size(comparator_share, material_gap, material_ratio) as
if(comparator_share > 0, least(material_gap, (1 - material_ratio) * comparator_share), material_gap);
