// Makes the schema and fills the shop by Vendure's own populate(): 150 products of three variants, a zone, a shipping
// method, the dummy payment method (settles at once), and the search index.
const fs = require('node:fs');
const path = require('node:path');
const { bootstrap, JobQueueService, RequestContextService, SearchService } = require('@vendure/core');
const { populate } = require('@vendure/core/cli');
const { config } = require('./config');

const PRODUCTS = 150;
const STOCK = 1000000;

const header =
  'name,slug,description,assets,facets,optionGroups,optionValues,sku,price,taxCategory,stockOnHand,trackInventory,variantAssets,variantFacets';
const rows = [header];
for (let n = 0; n < PRODUCTS; n += 1) {
  for (const size of ['S', 'M', 'L']) {
    const product = size === 'S' ? `Shirt ${n},shirt-${n},A shirt of the sort ${n},,,Size` : ',,,,,';
    rows.push(`${product},${size},SHIRT-${n}-${size},${10 + (n % 90)}.00,standard,${STOCK},true,,`);
  }
}

const initialData = {
  defaultLanguage: 'en',
  defaultZone: 'Europe',
  countries: [{ name: 'United Kingdom', code: 'GB', zone: 'Europe' }],
  taxRates: [{ name: 'Standard', percentage: 20 }],
  shippingMethods: [{ name: 'Standard', price: 500 }],
  paymentMethods: [
    { name: 'Dummy', handler: { code: 'dummy-payment-handler', arguments: [{ name: 'automaticSettle', value: 'true' }] } },
  ],
  collections: [],
};

async function main() {
  const csv = path.join(process.env.WORK, 'products.csv');
  fs.writeFileSync(csv, rows.join('\n'));
  const app = await populate(() => bootstrap(config), initialData, csv);
  await app.get(JobQueueService).start();
  const context = await app.get(RequestContextService).create({ apiType: 'admin' });
  const job = await app.get(SearchService).reindex(context);
  console.log('populated, reindex', job.id);
  await app.close();
}

main()
  .then(() => process.exit(0))
  .catch((error) => {
    console.error(error);
    process.exit(1);
  });
