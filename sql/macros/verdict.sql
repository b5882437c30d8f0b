-- verdict(gap_lower, gap_upper, comparator_share, material_gap, material_ratio): what a gap's 95 % interval allows to say.
--
-- Returns: lower, higher (the interval lies on one side of 0); similar (it rules out every gap of the size that matters);
--          cannot_tell (it doesn't). Null in, null out.
-- Inputs:  gap limits and material_gap as differences of shares (0.05 is five percentage points); material_ratio of the
--          comparator's share, such as 0.8. The size that matters is the smaller of the two.
-- Source:  design.md, verdict; domain.md 3.2 for the ratio; docs/decisions/0004.
create or replace macro verdict(gap_lower, gap_upper, comparator_share, material_gap, material_ratio) as
case
    when gap_upper < 0 then 'lower'
    when gap_lower > 0 then 'higher'
    when
        gap_lower > -least(material_gap, (1 - material_ratio) * comparator_share)
        and gap_upper < least(material_gap, (1 - material_ratio) * comparator_share)
    then 'similar'
    when gap_lower is not null and gap_upper is not null then 'cannot_tell'
end;
