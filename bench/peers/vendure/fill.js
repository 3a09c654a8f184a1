// Fills an empty shop with the case of the measurement: its JSON at stdin; at stdout, for each cart, the token of
// its session and the id of the line that is changed to have the cart priced.
const { readFileSync } = require("node:fs");
const { bootstrap } = require("@vendure/core");
const { config } = require("./shop");

const given = JSON.parse(readFileSync(0, "utf8"));
const en = (name) => [{ languageCode: "en", name, slug: name, description: "" }];
const argument = (name, value) => ({ name, value: JSON.stringify(value) });
let admin = "";

async function ask(api, token, query, variables = {}) {
  const answer = await fetch(`http://127.0.0.1:${config.apiOptions.port}/${api}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify({ query, variables }),
  });
  const body = await answer.json();
  if (body.errors) throw new Error(JSON.stringify(body.errors));
  return { data: body.data, token: answer.headers.get("vendure-auth-token") ?? token };
}

const administer = async (query, variables) => (await ask("admin-api", admin, query, variables)).data;

async function setUpChannel() {
  const login = `mutation { login(username: "bench", password: "bench-of-carts") { __typename } }`;
  admin = (await ask("admin-api", "", login)).token;
  const zone = (await administer(`mutation { createZone(input: {name: "Europe"}) { id } }`)).createZone.id;
  const tax = (await administer(`mutation { createTaxCategory(input: {name: "Goods", isDefault: true}) { id } }`))
    .createTaxCategory.id;
  await administer(
    `mutation ($zone: ID!, $tax: ID!) { createTaxRate(input:
      {name: "None", enabled: true, value: 0, categoryId: $tax, zoneId: $zone}) { id } }`,
    { zone, tax },
  );
  const { activeChannel } = await administer(`{ activeChannel { id } }`);
  await administer(`mutation ($input: UpdateChannelInput!) { updateChannel(input: $input) { __typename } }`, {
    input: {
      id: activeChannel.id,
      defaultTaxZoneId: zone,
      defaultShippingZoneId: zone,
      availableCurrencyCodes: ["EUR"],
      defaultCurrencyCode: "EUR",
      pricesIncludeTax: true,
    },
  });
  return tax;
}

async function addProducts(taxCategoryId) {
  const variants = [];
  for (const [number, price] of given.prices.entries()) {
    const product = await administer(
      `mutation ($input: CreateProductInput!) { createProduct(input: $input) { id } }`,
      { input: { translations: en(`product-${number}`) } },
    );
    const made = await administer(
      `mutation ($input: [CreateProductVariantInput!]!) { createProductVariants(input: $input) { id } }`,
      {
        input: [
          {
            productId: product.createProduct.id,
            sku: `product-${number}`,
            translations: [{ languageCode: "en", name: `product-${number}` }],
            price,
            taxCategoryId,
            stockOnHand: 1000000,
            trackInventory: "TRUE",
          },
        ],
      },
    );
    variants.push(made.createProductVariants[0].id);
  }
  return variants;
}

async function promote(name, conditions, action) {
  const { createPromotion } = await administer(
    `mutation ($input: CreatePromotionInput!) { createPromotion(input: $input) { __typename } }`,
    { input: { enabled: true, translations: [{ languageCode: "en", name }], conditions, actions: [action] } },
  );
  if (createPromotion.__typename !== "Promotion") throw new Error(`no promotion: ${createPromotion.__typename}`);
}

async function addPromotions(variants) {
  const large = [
    {
      code: "minimum_order_amount",
      arguments: [argument("amount", given.minimum_order), argument("taxInclusive", true)],
    },
  ];
  for (const [percent, places] of given.on_products) {
    const products = places.map((place) => variants[place]);
    const both = [
      { code: "contains_products", arguments: [argument("minimum", 2), argument("productVariantIds", products)] },
    ];
    await promote(`${percent} % off two`, both, {
      code: "products_percentage_discount",
      arguments: [argument("discount", percent), argument("productVariantIds", products)],
    });
  }
  for (const amount of given.fixed) {
    await promote(`${amount} off`, large, {
      code: "order_fixed_discount",
      arguments: [argument("discount", amount)],
    });
  }
  await promote("percents off the order", large, {
    code: "order_percentage_discount",
    arguments: [argument("discount", given.on_order)],
  });
  await promote("free delivery", large, { code: "free_shipping", arguments: [] });
}

async function addDelivery() {
  const made = await administer(
    `mutation ($input: CreateShippingMethodInput!) { createShippingMethod(input: $input) { id } }`,
    {
      input: {
        code: "post",
        translations: [{ languageCode: "en", name: "post", description: "" }],
        fulfillmentHandler: "manual-fulfillment",
        checker: { code: "default-shipping-eligibility-checker", arguments: [argument("orderMinimum", 0)] },
        calculator: {
          code: "default-shipping-calculator",
          arguments: [argument("rate", given.shipping), argument("includesTax", "auto"), argument("taxRate", 0)],
        },
      },
    },
  );
  return made.createShippingMethod.id;
}

async function fillCart(variants, delivery) {
  let token = "";
  let line = "";
  for (const variant of variants) {
    const added = await ask(
      "shop-api",
      token,
      `mutation ($variant: ID!, $quantity: Int!) { addItemToOrder(productVariantId: $variant, quantity: $quantity)
        { __typename ... on Order { lines { id } } ... on ErrorResult { message } } }`,
      { variant, quantity: given.quantity },
    );
    token = added.token;
    line = added.data.addItemToOrder.lines[0].id;
  }
  const set = `mutation ($ids: [ID!]!) { setOrderShippingMethod(shippingMethodId: $ids) { __typename } }`;
  await ask("shop-api", token, set, { ids: [delivery] });
  return { token, line };
}

async function main() {
  config.dbConnectionOptions.synchronize = true;
  const app = await bootstrap(config);
  const variants = await addProducts(await setUpChannel());
  await addPromotions(variants);
  const delivery = await addDelivery();
  const carts = [];
  for (let number = 0; number < given.carts; number += 1) carts.push(await fillCart(variants, delivery));
  await app.close();
  process.stdout.write(JSON.stringify(carts));
  process.exit(0);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
