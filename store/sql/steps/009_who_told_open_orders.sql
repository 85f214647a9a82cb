-- Whether a stock row itself said what open orders want; of a row read before, as its batch said of all.
alter table stock_rows add column if not exists tells_open_orders boolean;
