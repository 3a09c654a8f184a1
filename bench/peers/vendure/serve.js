// Serves the shop with as many processes as the other shops have: Vendure is scaled by more instances.
const cluster = require("node:cluster");

const INSTANCES = Number(process.env.SHOP_WORKERS);

if (cluster.isPrimary) {
  for (let number = 0; number < INSTANCES; number += 1) cluster.fork();
  process.on("SIGTERM", () => {
    for (const worker of Object.values(cluster.workers)) worker.kill("SIGTERM");
    process.exit(0);
  });
} else {
  const { bootstrap } = require("@vendure/core");
  const { config } = require("./shop");
  bootstrap(config).catch((error) => {
    console.error(error);
    process.exit(1);
  });
}
