// Has libraries of npm write comments. The argument is the socket of a server with the table
// shop.orders. Each statement compares id with a number of its own; what its call site says of
// itself is printed, one line each.
'use strict';
const socketPath = process.argv[2];
const connection = { socketPath, user: 'root', database: 'shop' };
const version = (name) => require(name + '/package.json').version;
const site = (name, marker, tags) => console.log(JSON.stringify({ site: name, marker, tags }));

async function knexComments() {
  const Knex = require('knex');
  const db = Knex({ client: 'mysql2', connection });
  await db('orders').comment('OrderRepository.find').where('id', 1001).where('note', "it's");
  site('knex .comment', 1001, { name: 'OrderRepository.find' });
  await db('orders').comment("controller='orders',action='index'").where('id', 1002);
  site('knex .comment, sqlcommenter by hand', 1002, { controller: 'orders', action: 'index' });
  await db.destroy();
}

async function knexCommenter() {
  const Knex = require('knex');
  const { wrapMainKnexAsMiddleware } = require('@google-cloud/sqlcommenter-knex');
  const middleware = wrapMainKnexAsMiddleware(Knex, { route: true, db_driver: true });
  const db = Knex({ client: 'mysql2', connection });
  const route = (path, marker, run) => new Promise((resolve, reject) => {
    middleware({ route: { path } }, {}, () => {
      run().then(resolve, reject);
    });
    site('sqlcommenter-knex', marker, { db_driver: 'knex:' + version('knex'), route: path });
  });
  await route('/orders/:id', 1010, () => db('orders').where('id', 1010).where('note', '/*name:literal*/').then());
  await route("/it's/{id}", 1011, () => db('orders').where('id', 1011).then()); // of no form that is taken
  await route('/reports', 1012, () => db.raw('update orders set note = ? where id = ?', ["a'b\\", 1012]).then());
  await db.destroy();
}

async function sequelizeCommenter() {
  const { Sequelize, DataTypes } = require('sequelize');
  const { wrapSequelizeAsMiddleware } = require('@google-cloud/sqlcommenter-sequelize');
  const db = new Sequelize('shop', 'root', '', { dialect: 'mysql', dialectOptions: { socketPath }, logging: false, pool: { max: 1 } });
  const middleware = wrapSequelizeAsMiddleware(db, { route: true, db_driver: true, client_timezone: true });
  const Order = db.define('order', { id: { type: DataTypes.INTEGER, primaryKey: true }, note: DataTypes.STRING }, { tableName: 'orders', timestamps: false });
  const route = (path, marker, run) => new Promise((resolve, reject) => {
    middleware({ route: { path } }, {}, () => run().then(resolve, reject));
    site('sqlcommenter-sequelize', marker, { db_driver: 'sequelize:' + version('sequelize'), route: path, client_timezone: '+00:00' });
  });
  await route('/orders', 1020, () => Order.findAll({ where: { id: 1020, note: 'it\'s "so"' } }));
  await route('/orders/:id', 1021, () => Order.update({ note: 'x' }, { where: { id: 1021 } }));
  await db.close();
}

async function typeormComments() {
  require('reflect-metadata');
  const { DataSource, EntitySchema } = require('typeorm');
  const Order = new EntitySchema({ name: 'Order', tableName: 'orders', columns: { id: { type: Number, primary: true }, note: { type: String } } });
  const source = await new DataSource({ type: 'mysql', socketPath, username: 'root', database: 'shop', entities: [Order], extra: { connectionLimit: 1 } }).initialize();
  await source.getRepository(Order).createQueryBuilder('o').comment('OrderService.list').where('o.id = :id', { id: 1030 }).getMany();
  site('typeorm .comment', 1030, { name: 'OrderService.list' });
  await source.getRepository(Order).find({ where: { id: 1031 }, comment: 'orders#find' });
  site('typeorm find comment', 1031, { name: 'orders#find' });
  await source.destroy();
}

async function drizzleCommenter() {
  const mysql = require('mysql2/promise');
  const { drizzle } = require('drizzle-orm/mysql2');
  const { mysqlTable, int, varchar } = require('drizzle-orm/mysql-core');
  const { eq, and } = require('drizzle-orm');
  const { patchDrizzle } = require('@query-doctor/sqlcommenter-drizzle');
  const { withRequestContext } = require('@query-doctor/sqlcommenter-drizzle/http');
  const pool = mysql.createPool({ ...connection, connectionLimit: 1 });
  const db = patchDrizzle(drizzle(pool));
  const orders = mysqlTable('orders', { id: int('id'), note: varchar('note', { length: 100 }) });
  const line = Number(new Error().stack.match(/node\.cjs:(\d+)/)[1]) + 3;
  await new Promise((resolve, reject) => {
    withRequestContext({ route: '/orders/:id', method: 'GET', controller: 'orders', team: 'shop', user: 'jane.doe@example.com' }, () => {
      db.select().from(orders).where(and(eq(orders.id, 1040), eq(orders.note, '/*action:x*/'))).then(resolve, reject);
    });
  });
  site('sqlcommenter-drizzle', 1040, { db_driver: 'drizzle', file: `${__filename}:${line}:10`, route: '/orders/:id', controller: 'orders', method: 'GET', team: 'shop', user: 'jane.doe@example.com' });
  await pool.end();
}

async function prepared() {
  const mysql = require('mysql2/promise');
  const c = await mysql.createConnection(connection);
  const sql = "select * from orders where id = ? and note = ? /*action='show',controller='orders',traceparent='00-5bd66ef5095369c7b0d1f8f4bd33716a-c532cb4098ac3dd2-01'*/";
  for (const note of ["it's", '\\', '/*job:literal*/', '"']) {
    await c.execute(sql, [1050, note]);
  }
  site('prepared by mysql2', 1050, { action: 'show', controller: 'orders', traceparent: '00-5bd66ef5095369c7b0d1f8f4bd33716a-c532cb4098ac3dd2-01' });
  await c.end();
}

(async () => {
  for (const f of [knexComments, knexCommenter, sequelizeCommenter, typeormComments, drizzleCommenter, prepared]) {
    await f();
  }
})().catch((err) => {
  console.error(err);
  process.exit(1);
});
