-- One row per line such a sales order has now, gone ones left out. What does BlueCherry show of it?
create or replace macro drifting_sales_lines(as_of) as table
select line.*
from drifting_sales(as_of) as sales
join sales_line_facts as line
    on line.ord_num = sales.ord_num and (line.happened_at, line.seq) >= (sales.happened_at, sales.seq);
