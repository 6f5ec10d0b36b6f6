#!/bin/sh
# Makes tags.log and truth.jsonl: see README.md. Needs MariaDB, Node.js, Go, Ruby with Active Record,
# mysql2 and Marginalia, and Java with Hibernate 3, of which README.md names the packages.
set -eu
cd "$(dirname "$0")"
here=$PWD
app=/srv/shop # where the code seems to be
dir=$(mktemp -d)
port=33911
trap 'kill "$server" 2>/dev/null; wait "$server" 2>/dev/null; rm -rf "$dir" "$app"' EXIT
mariadb-install-db --no-defaults --user="$(id -un)" --datadir="$dir/data" --auth-root-authentication-method=normal --skip-test-db >/dev/null
mariadbd --no-defaults --user="$(id -un)" --datadir="$dir/data" --tmpdir="$dir" --socket="$dir/socket" --pid-file="$dir/pid" \
	--bind-address=127.0.0.1 --port=$port --skip-name-resolve --innodb-buffer-pool-size=16M \
	--log-output=FILE --slow-query-log=1 --slow-query-log-file="$dir/slow.log" --long-query-time=100 >"$dir/err" 2>&1 &
server=$!
until mariadb --no-defaults -uroot --socket="$dir/socket" -e 'select 1' >/dev/null 2>&1; do sleep 0.2; done
mariadb --no-defaults -uroot --socket="$dir/socket" -e 'create database shop; create table shop.orders (id int primary key, note varchar(100));
	create user fixture@127.0.0.1; grant all on shop.* to fixture@127.0.0.1; set global long_query_time = 0'

mkdir -p "$app" && cp -r . "$app" && cd "$app"
npm install --no-package-lock --no-audit --no-fund --legacy-peer-deps --ignore-scripts >/dev/null
(cd go && go build -o "$dir/fixture" .)
classpath=$dir/classes
for jar in hibernate3 mariadb-java-client slf4j-api slf4j-nop dom4j antlr commons-collections3 geronimo-jta-1.2-spec geronimo-jpa_2.0_spec javassist hibernate-commons-annotations; do
	classpath=$classpath:/usr/share/java/$jar.jar
done
javac -d "$dir/classes" -cp "$classpath" hibernate/Fixture.java hibernate/shop/Order.java
{
	node node.cjs "$dir/socket"
	"$dir/fixture" "$dir/socket"
	ruby rails.rb "$dir/socket"
	java --add-opens java.base/java.lang=ALL-UNNAMED -cp "$classpath" Fixture $port hibernate/order.hbm.xml
} >"$dir/truth"
mariadb --no-defaults -uroot --socket="$dir/socket" -e 'set global slow_query_log = 0'
cp "$dir/truth" "$here/truth.jsonl"
cp "$dir/slow.log" "$here/tags.log"
