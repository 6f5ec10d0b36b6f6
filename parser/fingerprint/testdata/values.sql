delete from t for portion of p from "zqcanary" to "x"
delete from t for portion of `p` from "zqcanary" to "x" where a = 1
update t for portion of p from "zqcanary" to "x" set a = 1
update t FOR PORTION OF p FROM "zqcanary" TO "zqx" set a = "zq", b = 1 where c = 2
load data infile "zq1" into table "t"
load data local infile "zq1" replace into table "t" fields terminated by "zq2"
load data from s3 "s3://zq" into table t
load data from s3 prefix "s3://zq" into table t
select * from t into outfile "zq"
select * into outfile "zq" from t
select * into outfile s3 "s3://zq" from t
select * from t into outfile s3 "s3://zq" fields terminated by "zq"
select a into dumpfile "zq" from t
select a from t limit 1 into dumpfile "zq"
select trim(both "x" from "zq") from t
select trim( "zq" from "zq2") from t
select trim(leading "zq" from (select "zq" from t)) from t
select trim (trailing "x" from "zq"), substr ("zq" from "zq2") from t
select mid("zq" from "zq"), substring("zq" from "zq" for "zq")
select extract(day from "zq") from t
select extract(day_hour from "zq") from t
delete from t where extract(day from "zq") > 5
update t set a = extract(day from "zq"), b = trim("x" from "zq")
insert into t values (extract(day from "zq"), trim("x" from "zq"))
insert into t set a = extract(day from "zq")
show tables from db like "zq"
show full columns from t from db like "zq"
show columns from t in db where field = "zq"
show binlog events in "zq" from 4
show relaylog events in "zq" from 4 limit 5
show table status from d like "zq"
show tables where trim(both "x" from "zq") = a
show columns from t where field in ("zq", "zq2")
import table from "zq"
import table from "zq", "zq2"
change master to master_host = "zq", master_user="zq2"
change replication source to source_host="zq"
prepare s from "zq"
prepare s from concat("zq", "zq2")
execute immediate "zq" using "zq2", "zq3"
execute s using @a, "zq"
signal sqlstate "zq" set message_text = "zq"
select position("x" in "zq") from t
select locate("x", "zq") from t
desc t "zq"
describe t "zq%"
explain t "zq"
rename user "zq"@"h" to "zq2"@"h", "zq3"@"h" to "zq4"@"h"
drop user "zq"@"h", "zq2"
create user "zq"@"h" identified by "zq", "zq2"@"x" identified by "zq3"
grant select on d.* to "zq"@"h", "zq2"@"h"
revoke all on d.* from "zq"@"h", "zq2"
revoke "zq" from "zq2"
set role "zq", "zq2"
set default role "zq" to "zq2"
show grants for "zq"@"h" using "zq2"
show create user "zq"
purge binary logs to "zq"
purge binary logs before "zq"
create server s foreign data wrapper "mysql" options (user "zq", password "zq")
alter server s options (user "zq")
create function f returns string soname "zq"
clone instance from "zq"@"h":3306 identified by "zq"
clone local data directory = "zq"
start group_replication user="zq", password="zq"
start replica until source_log_file = "zq"
change replication filter replicate_do_table = (db.t), replicate_wild_do_table = ("zq")
select straight_join "zq" from t
select straight_join "zq", "zq2" from t
select sql_no_cache "zq", "zq" from t
select high_priority "zq" from t
select distinct "zq" from t
select all "zq" from t
insert into t (a, b) select "zq", "zq2"
insert ignore into t value ("zq", "zq2"), ("zq", "b")
insert into t values ("zq"), ("zq2") on duplicate key update a = "zq", b = values(b)
insert into t () values ("zq")
insert into t set a = "zq", b = "zq2"
insert t values ("zq", "zq2")
insert low_priority t values ("zq")
replace into t values ("zq", "zq2")
replace t set a = "zq", b = "zq"
select replace("zq", "zq2", "x"), insert("zq", 1, 2, "zq"), truncate("zq", "zq2"), if("zq", "zq", "zq"), left("zq", 1), exists(select "zq"), repeat("zq", 3), interval("zq", "zq2"), default("zq"), values("zq"), char("zq", "zq2"), database("zq")
update t set a = replace("zq", "zq2", "zq3"), b = insert("zq", 1, 2, "zq")
delete from t where if("zq", "zq2", "zq3") and mod("zq", "zq2")
select * from json_table("zq", "$.zq" columns (a int path "zq")) j
select * from t join json_table("zq", "$.zq" columns (a int path "zq" default "zq" on empty)) j
select * from t, json_table("zq", "$.zq" columns (a int path "zq")) j
select * from (select "zq", "zq2") d
select * from (values row("zq", "zq2")) d
select * from (values ("zq", "zq2")) d
select * from t join lateral (select "zq", "zq2") d
with x as (select "zq", "zq2") select * from x
with recursive x as (select "zq" union all select concat(a, "zq") from x) select * from x, t
select * from t where (a, "zq") in (("zq", "zq2"), ("x", "zq"))
select * from t where a = any (select "zq") or a in (table t)
select * from t left join u on ("zq" = a, "zq2")
create table t2 as select "zq", "zq2" from t where a like ("zq")
create table t (a varchar(10) default "zq" comment "zq", b enum("zq", "zq2"), check (a in ("zq", "zq2"))) comment "zq" data directory "zq"
create table t (a int) partition by list columns (a) (partition p values in ("zq", "zq2"), partition q values in ("zq3") comment "zq")
create table t (a int) partition by range columns (a, b) (partition p values less than ("zq", "zq2"))
alter table t add partition (partition p values less than ("zq", "zq2") data directory "zq")
alter table t modify a varchar(10) default "zq" comment "zq", comment "zq", add b enum("zq", "zq2") after c
alter table t rename to u, comment "zq"
alter table t alter a set default "zq", drop b
analyze table t update histogram on a, b using data "zq"
create view v as select * from a join b on ("zq" = a.x) where c in ("zq", "zq2")
create event e on schedule every "zq" hour starts "zq" ends "zq" comment "zq" do insert into t values ("zq", "zq2")
create trigger x before insert on t for each row insert into y values ("zq", "zq2") on duplicate key update a=("zq")
create trigger x before insert on t for each row set new.a = if("zq", "zq2", "zq"), new.b = "zq"
create trigger x after update on t for each row update y join z on ("zq" = y.a) set a = "zq", b = "zq2"
create trigger x after update on t for each row delete from y where a in ("zq", "zq2")
create procedure p(in a text) begin declare c cursor for select "zq", "zq2" from t; open c; fetch c into a, b; set a = "zq", b = "zq2"; if a in ("zq", "zq2") then insert into x values ("zq", "zq2"); end if; end
create function f(a int) returns int return if("zq", "zq", "zq")
begin not atomic declare exit handler for sqlstate "zq" select "zq", "zq2"; end
call p("zq", "zq2")
do sleep("zq"), "zq"
do "zq", "zq2"
xa start "zq", "zq2", 1
binlog "zq"
help "zq"
kill "zq"
install plugin p soname "zq"
install component "zq", "zq2"
uninstall component "zq", "zq2"
cache index t in "zq"
handler t read a = ("zq", "zq2")
handler t read a >= ("zq") where b in ("zq", "zq2") limit 1
create sequence s comment "zq"
create tablespace ts add datafile "zq" engine "x"
alter tablespace ts add datafile "zq"
create logfile group g add undofile "zq"
set @a = "zq", @b = ("zq", "zq2"), names = "x"
set names "zq" collate "zq"
set session sql_mode = "zq", time_zone = "zq"
set password for "zq"@"h" = "zq"
set password = password("zq")
set statement max_statement_time = "zq" for select "zq", "zq2"
select "zq" union select "zq2" union all (select "zq", "zq2")
select "zq" from dual where "zq" = "zq"
select a->"$.zq", b->>"$.zq" from t
select @"zq", @'zq'
set @"zq" = 1
select match(a) against ("zq", "zq2") from t
select group_concat(a order by b separator "zq") from t
select weight_string("zq" as char(3)), convert("zq" using utf8), cast("zq" as char), convert("zq", char)
select get_format(date, "zq"), timestampadd(day, "zq", "zq2"), date_add("zq", interval "zq" day_second)
select "zq" member of ("zq"), "zq" regexp "zq", "zq" like "zq" escape "zq", "zq" sounds like "zq", "zq" between "zq" and "zq"
select row("zq", "zq2") = row("zq", "zq"), ("zq", "zq2") in (("zq", "zq2"))
select case "zq" when "zq" then "zq" else "zq" end from t
select sum(a) over (partition by "zq" order by "zq", "zq2" rows between "zq" preceding and current row) from t
select a from t group by "zq", "zq2" having "zq" order by "zq", "zq2" limit 5
select * from t where a is distinct from "zq"
select date "zq", time "zq", timestamp "zq", _utf8mb4 "zq", n"zq", x"ab", {d "zq"}, {ts "zq"}
select * from prices for system_time from "zq" to "zq", t for system_time between "zq" and "zq" where a = "zq"
select * from prices for system_time from "zq" to "zq" union select * from u for system_time as of "zq"
select * from prices for system_time from "zq" to "zq" p join (select * from u for system_time from "zq" to "zq") q
select * from (prices for system_time from "zq" to "zq")
alter table t drop partition p, add partition (partition q values in ("zq"))
delete history from t before system_time "zq"
delete history from t before system_time timestamp "zq"
alter table t partition by system_time interval "zq" day (partition p history)
create table t (a int) partition by system_time interval 1 day starts "zq" partitions 3
delete from t for portion of p from "zq" to "zq" where a in ("zq", "zq2") order by "zq" limit 5
with c as (select 1) delete from t for portion of p from "zq" to "zq"
explain delete from t for portion of p from "zq" to "zq"
explain select trim("zq" from "zq"), extract(day from "zq") from t
insert into t select * from u for system_time from "zq" to "zq"
select * from t tablesample bernoulli("zq")
select * from t limit "zq", "zq2"
select nextval("zq"), lastval("zq") from t
select xmltype("zq"), overlay("zq" placing "zq" from 3 for "zq")
select json_value("zq", "$.zq" returning char default "zq" on empty), json_table from t
select * from t procedure analyse("zq", "zq2")
table t into outfile "zq"
values row("zq") into outfile "zq"
select * from t where a in (select b from u into outfile "zq")
select extractvalue("zq", "zq"), updatexml("zq", "zq", "zq") from t
create spatial reference system 4120 name "zq" organization "zq" identified by 4120 definition "zq" description "zq"
alter user "zq"@"h" identified by "zq" replace "zq2" retain current password, "zq3"@"h"
alter user "zq" comment "zq" attribute "zq"
create role "zq", "zq2"
drop role if exists "zq", "zq2"
grant "zq", "zq2" to "zq3"
grant proxy on "zq"@"h" to "zq2"@"h"
select * from t where `a` in ("zq") and `from` = "zq"
select `from`, "zq" from t
select t.from, "zq" from t
select t.`update`, "zq", "zq2" from t
select a as `into`, "zq" from t
select a.table, "zq" from t where a.table in ("zq", "zq2")
flush relay logs for channel "zq"
show replica status for channel "zq"
reset replica all for channel "zq"
stop replica for channel "zq"
restore table t from "zq"
backup table t to "zq"
load index into cache t key ("zq")
create index i on t (a) comment "zq"
create fulltext index i on t (a) with parser "zq"
create definer = "zq"@"h" view v as select "zq"
create definer = "zq" procedure p() select "zq"
explain format = "zq" select "zq"
explain format = json into @v select "zq"
analyze format = json select "zq", "zq2" from t
explain analyze select "zq"
explain for schema d select "zq"
