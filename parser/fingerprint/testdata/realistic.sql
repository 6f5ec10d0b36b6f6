SELECT option_name, option_value FROM wp_options WHERE autoload = 'yes'
SELECT option_value FROM wp_options WHERE option_name = 'siteurl' LIMIT 1
SELECT * FROM wp_users WHERE user_login = 'admin' LIMIT 1
SELECT user_id, meta_key, meta_value FROM wp_usermeta WHERE user_id IN (1, 2, 3) ORDER BY umeta_id ASC
SELECT SQL_CALC_FOUND_ROWS wp_posts.ID FROM wp_posts WHERE 1=1 AND wp_posts.post_type = 'post' AND (wp_posts.post_status = 'publish' OR wp_posts.post_status = 'private') ORDER BY wp_posts.post_date DESC LIMIT 0, 10
SELECT FOUND_ROWS()
SELECT wp_posts.* FROM wp_posts WHERE ID IN (11,12,13)
SELECT t.*, tt.* FROM wp_terms AS t INNER JOIN wp_term_taxonomy AS tt ON t.term_id = tt.term_id WHERE tt.taxonomy IN ('category') AND t.slug IN ('news') ORDER BY t.name ASC
SELECT post_id, meta_key, meta_value FROM wp_postmeta WHERE post_id IN (4711) ORDER BY meta_id ASC
UPDATE `wp_options` SET `option_value` = '1700000000.123' WHERE `option_name` = '_transient_doing_cron'
INSERT INTO `wp_options` (`option_name`, `option_value`, `autoload`) VALUES ('_transient_x', 'a:0:{}', 'no') ON DUPLICATE KEY UPDATE `option_name` = VALUES(`option_name`), `option_value` = VALUES(`option_value`), `autoload` = VALUES(`autoload`)
DELETE FROM wp_options WHERE option_name = '_transient_x'
DELETE a, b FROM wp_options a, wp_options b WHERE a.option_name LIKE '_transient_%' AND b.option_value < 1700000000
SELECT comment_approved, COUNT(*) AS total FROM wp_comments GROUP BY comment_approved
SELECT `users`.* FROM `users` WHERE `users`.`id` = 42 LIMIT 1
SELECT `users`.* FROM `users` WHERE `users`.`deleted_at` IS NULL ORDER BY `users`.`id` ASC LIMIT 1000
SELECT COUNT(*) FROM `orders` WHERE `orders`.`user_id` = 7 AND `orders`.`state` IN ('open', 'paid')
SELECT 1 AS one FROM `users` WHERE `users`.`email` = 'a@example.com' LIMIT 1
INSERT INTO `sessions` (`session_id`, `data`, `created_at`, `updated_at`) VALUES ('abc', 'xyz', '2030-01-01 00:00:00', '2030-01-01 00:00:00')
UPDATE `users` SET `sign_in_count` = 5, `current_sign_in_at` = '2030-01-01 00:00:00', `updated_at` = '2030-01-01 00:00:00' WHERE `users`.`id` = 42
UPDATE users SET last_login = NOW() WHERE id = 42
UPDATE counters SET hits = hits + 1 WHERE name = 'home'
UPDATE accounts SET balance = balance - 100 WHERE id = 5
SELECT django_session.session_key, django_session.session_data, django_session.expire_date FROM django_session WHERE (django_session.expire_date > '2030-01-01' AND django_session.session_key = 'abc')
SELECT (1) AS `a` FROM `auth_user` WHERE `auth_user`.`username` = 'joe' LIMIT 1
SELECT auth_permission.content_type_id, auth_permission.codename FROM auth_permission INNER JOIN auth_user_user_permissions ON (auth_permission.id = auth_user_user_permissions.permission_id) WHERE auth_user_user_permissions.user_id = 1
SAVEPOINT s139879_x1
RELEASE SAVEPOINT s139879_x1
select order0_.id as id1_0_0_, order0_.name as name2_0_0_ from orders order0_ where order0_.id=1
select u.id, u.name from user u left outer join address a on u.id = a.user_id where a.city = 'Bern' and u.age > 18
select count(o.id) from orders o where o.created between '2030-01-01' and '2030-02-01'
select max(id) from orders
select distinct customer_id from orders where total > 100.50
select customer_id, sum(total) from orders group by customer_id having sum(total) > 1000
select customer_id, count(*) c from orders group by customer_id order by c desc limit 10
select * from orders where id = 5 for update
select * from orders where id = 5 lock in share mode
select * from orders where note is null and total is not null
select * from orders where created > now() - interval 1 day
select * from orders where created > date_sub(now(), interval 7 day)
select * from orders where date(created) = '2030-01-01' and hour(created) = 5
select * from orders where name like '%foo%' and name not like 'bar%'
select * from orders where name regexp '^a.*z$'
select * from orders where (a = 1 and b = 2) or (a = 3 and b = 4)
select * from orders where not exists (select 1 from items where items.order_id = orders.id)
select * from orders where id in (select order_id from items where sku = 'x')
select * from orders where id not in (1, 2, 3)
select * from orders where (a, b) in ((1, 2), (3, 4))
select * from orders o join items i using (order_id) where i.qty > 5
select * from (select id from orders where total > 5) x where x.id > 10
select id from orders where total = -5
select id from orders where total > 1.5e3
select id, case when total > 100 then 'big' else 'small' end from orders
select id, if(total > 100, 'big', 'small') from orders
select coalesce(a, 'x'), ifnull(b, 0), nullif(c, '') from orders
select concat(first_name, ' ', last_name) from users where id = 5
select group_concat(name separator ', ') from users
select group_concat(name order by name asc separator ',') from users
select id from a where x = 1 union select id from b where x = 2
select id from a where x = 1 union all select id from a where x = 2 union all select id from a where x = 3
(select id from a where x = 1) union all (select id from a where x = 2)
select row_number() over (partition by a order by b desc) from orders
with x as (select id from orders where total > 5) select * from x where id > 10
select a.id, b.id from a left join b on a.id = b.a_id and b.kind = 'x' where b.id is null
select a.id from a inner join b on (a.id = b.a_id) straight_join c on c.id = b.c_id
select * from orders use index (created) where created > '2030-01-01'
select * from orders force index (primary) where id > 5 limit 100
select * from orders limit 10 offset 20
select * from orders order by created desc limit 20, 10
select * from orders order by rand() limit 1
select sleep(1)
select now()
select 1
SELECT @@version_comment LIMIT 1
SELECT @@session.tx_isolation
select last_insert_id()
select found_rows()
select get_lock('x', 10)
select release_lock('x')
insert into t (a, b) values (1, 2)
insert into t (a, b) values (1, 2), (3, 4), (5, 6)
insert into t (a, b) values (1, now())
insert into t values (1, 'x', null)
insert into t values (default, 'x', 5)
insert ignore into t (a) values (5)
insert into t set a = 5, b = 'x'
insert into t (a, b) select a, b from u where c = 5
insert into t (a, b) values (1, 2) on duplicate key update b = 5
insert into t (a, b) values (1, 2), (3, 4) on duplicate key update b = values(b)
insert into log (msg) values ('it''s done')
insert into log (msg) values ('it\'s done')
insert into log (msg) values ("say \"hi\"")
replace into cache (k, v) values ('a', 'b')
delete from sessions where expires < 1700000000
delete from sessions where expires < now() limit 1000
delete o from orders o join users u on o.user_id = u.id where u.banned = 1
update orders o join users u on o.user_id = u.id set o.state = 'x' where u.banned = 1
update orders set a = null, b = true, c = default where id = 5
update orders set state = case when total > 5 then 'x' else 'y' end where id in (1, 2)
begin
start transaction
commit
rollback
set autocommit=0
set autocommit = 1
set names utf8mb4
set names 'utf8'
SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED
set @a := 5
set @@session.sql_mode = 'ANSI'
set sql_mode = ''
use shop
show tables
show tables like 'a%'
show full columns from orders
show index from orders
show create table orders
show variables like 'max_connections'
show global status
show slave status
show full processlist
show warnings
describe orders
explain select * from orders where id = 5
kill 4711
call refresh_totals(5, 'x')
call shop.refresh_totals(5, 'x')
truncate table cache
drop table if exists tmp_orders
create table t (id int not null auto_increment, name varchar(64) not null, primary key (id))
create table t like u
create temporary table tmp_x as select id from orders where total > 5
create index idx_name on t (name)
alter table t add column note varchar(255)
alter table t add index idx_b (b)
analyze table orders
optimize table orders
flush tables
lock tables orders write
unlock tables
load data infile '/tmp/x.csv' into table t fields terminated by ','
grant select on shop.* to 'app'@'%'
create user 'app'@'%' identified by 'secret'
select c from sbtest1 where id=5
select sum(k) from sbtest1 where id between 5 and 104
update sbtest1 set k=k+1 where id=5
insert into sbtest1 (id, k, c, pad) values (5, 6, 'x', 'y')
select c_discount, c_last, c_credit, w_tax from customer, warehouse where w_id = 1 and c_w_id = w_id and c_d_id = 5 and c_id = 6
update stock set s_quantity = 5 where s_i_id = 6 and s_w_id = 7
select * from orders_2024 where id = 5
select * from shard12.users where id = 5
select addr1, addr2 from users where zip = '8000'
select data->'$.name' from docs where id = 5
select json_extract(data, '$.name') from docs where json_contains(tags, '"x"')
select match(body) against('foo') from docs
select /* controller:home */ id from users where id = 5
select /*+ max_execution_time(1000) */ id from users where id = 5
SELECT /*!40001 SQL_NO_CACHE */ * FROM `orders`
select id from users where id = 5 -- home
select a+b, a-b, a*b from t
select a + b, a * b, a / b from t
select * from t where a=5 and b='x' and c>=6
select a,b,c from t where id in(1,2,3)
SELECT   a  FROM   t   WHERE a = 5
select * from users where token = 0xDEADBEEF
select * from users where token = x'DEADBEEF' or id = _binary'x'
select * from users where name = _utf8mb4'x' collate utf8mb4_bin
select convert(name using utf8mb4), cast(id as char(10)), cast(a as unsigned) from users
select * from t partition (p2024) where a = 5
select date_format(created, '%Y-%m-%d') d, count(*) from orders group by d
select * from t where a in ('x', 'y') and b in (1) and c between 1 and 5 and d like 'x%' order by e, f desc limit 5
call refresh_totals (5, 'x')
select id from (select id from a limit 5, 10) x limit 20, 10
select id from a where created > date '2030-01-01'
select * from orders where price > 1.5E+3
select * from users where name = 'it''s'
