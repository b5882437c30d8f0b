-- verdict(gap_lower, gap_upper, comparator_share, material_gap, material_ratio): what a gap's 95 % interval allows to say.
--
-- Returns: lower, higher (the interval lies on one side of 0); similar (it rules out every gap of the size that matters);
--          cannot_tell (it doesn't). Null in, null out.
-- Inputs:  gap limits and material_gap as differences of shares (0.05 is five percentage points); material_ratio of the
--          comparator's share, such as 0.8; material_size makes one size of the two.
-- Uses:    material_size.
-- Source:  design.md, verdict; domain.md 3.2 for the ratio; docs/decisions/0004.
create or replace macro verdict(gap_lower, gap_upper, comparator_share, material_gap, material_ratio) as
case
    when comparator_share is null then null
    when gap_upper < 0 then 'lower'
    when gap_lower > 0 then 'higher'
    when
        gap_lower > -material_size(comparator_share, material_gap, material_ratio)
        and gap_upper < material_size(comparator_share, material_gap, material_ratio)
    then 'similar'
    when gap_lower is not null and gap_upper is not null then 'cannot_tell'
end;
