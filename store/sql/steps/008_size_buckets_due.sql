-- Step 5 at first did no more than add the column: in a store that made it then, the full reading that tells the size
-- bucket of every SKU is due at once. In any other it costs one.
delete from bookmarks where name = 'catalogue.full_on';
