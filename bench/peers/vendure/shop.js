// The configuration of a Vendure shop, as its guide for production has it where that concerns speed: no
// playground, no debugging, no queries of the introspection, logging of errors only, a pool of connections.
// SHOP_DATABASE, SHOP_HOST (a host, or a folder of sockets), SHOP_USER and SHOP_PORT come from the environment.
const { DefaultLogger, LogLevel } = require("@vendure/core");

const { SHOP_DATABASE, SHOP_HOST, SHOP_USER, SHOP_PORT } = process.env;

exports.config = {
  apiOptions: {
    hostname: "127.0.0.1",
    port: Number(SHOP_PORT),
    adminApiPath: "admin-api",
    shopApiPath: "shop-api",
    introspection: false,
  },
  authOptions: {
    tokenMethod: ["bearer"],
    superadminCredentials: { identifier: "bench", password: "bench-of-carts" },
  },
  dbConnectionOptions: {
    type: "postgres",
    host: SHOP_HOST,
    username: SHOP_USER,
    database: SHOP_DATABASE,
    synchronize: false,
    logging: false,
    extra: { max: 10 },
  },
  paymentOptions: { paymentMethodHandlers: [] },
  logger: new DefaultLogger({ level: LogLevel.Error }),
};
