# Has Active Record and Marginalia write comments. The argument is the socket of a server with the
# table shop.orders. Each statement compares id with a number of its own; what its call site says
# of itself is printed, one line each.
require "json"
require "rails"
require "active_record"
require "active_record/connection_adapters/mysql2_adapter"
require "marginalia"

def site(name, marker, tags)
  puts JSON.generate({ site: name, marker: marker, tags: tags })
end

class Order < ActiveRecord::Base
  self.table_name = "orders"
end

# What Marginalia asks a controller and a job for.
module Admin
  class OrdersController
    def controller_name = "orders"
    def controller_path = "admin/orders"
    def action_name = "index"
  end
end

class InvoiceJob; end

Marginalia::Railtie.insert_into_active_record
Marginalia.application_name = "Shop"
Marginalia::Comment.lines_to_ignore = /rubygems|vendor_ruby|marginalia/

[false, true].each_with_index do |prepared, n|
  ActiveRecord::Base.establish_connection(adapter: "mysql2", socket: ARGV[0], username: "root", database: "shop", prepared_statements: prepared)
  how = prepared ? ", prepared" : ""
  # Marginalia adds nothing to what is prepared on the server.
  by_marginalia = ->(tags) { prepared ? {} : tags }

  Marginalia::Comment.components = [:application, :controller, :action]
  Marginalia::Comment.update!(Admin::OrdersController.new)
  Order.where(id: 3001 + 100 * n, note: "it's /*job:x*/").to_a
  site("marginalia, controller#{how}", 3001 + 100 * n, by_marginalia.({ application: "Shop", controller: "orders", action: "index" }))

  Marginalia::Comment.components = [:application, :controller_with_namespace, :action, :line, :pid, :db_host, :database]
  Order.where(id: 3002 + 100 * n).update_all(note: "x\\")
  line = __LINE__ - 1
  site("marginalia, all components#{how}", 3002 + 100 * n,
       by_marginalia.({ application: "Shop", controller_with_namespace: "Admin::OrdersController", action: "index", line: "#{$0}:#{line}" }))

  Marginalia::Comment.clear!
  Marginalia::Comment.components = [:application, :job]
  Marginalia::Comment.update_job!(InvoiceJob.new)
  Order.where(id: 3003 + 100 * n).delete_all
  site("marginalia, job#{how}", 3003 + 100 * n, by_marginalia.({ application: "Shop", job: "InvoiceJob" }))
  Marginalia::Comment.clear_job!

  Marginalia::Comment.components = []
  Order.where(id: 3010 + 100 * n).annotate("OrdersQuery.open").to_a
  site("annotate#{how}", 3010 + 100 * n, { name: "OrdersQuery.open" })
  Order.where(id: 3011 + 100 * n, note: '"').annotate("controller='orders',action='it\\'s'").annotate("second").to_a
  site("annotate twice#{how}", 3011 + 100 * n, { controller: "orders", action: "it's", name: "second" })
end
