// The shop's configuration: what Vendure's own project template has, less e-mail, assets and dashboard, which no request
// of the comparison needs; set for production as its documentation says: no synchronize, the worker in a process of its
// own, superadmin and cookie secret not the default ones, no introspection, no playground.
// SOUK_PEER_SCHEMA=1 makes the schema of an empty database (populate.js).
const {
  DefaultJobQueuePlugin,
  DefaultLogger,
  DefaultSchedulerPlugin,
  DefaultSearchPlugin,
  LogLevel,
  dummyPaymentHandler,
} = require('@vendure/core');

exports.config = {
  apiOptions: {
    port: Number(process.env.PORT),
    hostname: '127.0.0.1',
    adminApiPath: 'admin-api',
    shopApiPath: 'shop-api',
    introspection: false,
  },
  authOptions: {
    tokenMethod: ['bearer', 'cookie'],
    superadminCredentials: { identifier: 'superadmin', password: process.env.PASSWORD },
    cookieOptions: { secret: process.env.PASSWORD },
  },
  dbConnectionOptions: {
    type: 'postgres',
    host: process.env.DB_DIR,
    username: 'postgres',
    database: 'postgres',
    synchronize: process.env.SOUK_PEER_SCHEMA === '1',
    migrations: [],
    logging: false,
  },
  importExportOptions: { importAssetsDir: process.env.WORK },
  logger: new DefaultLogger({ level: LogLevel.Warn }),
  paymentOptions: { paymentMethodHandlers: [dummyPaymentHandler] },
  plugins: [
    DefaultSchedulerPlugin.init(),
    DefaultJobQueuePlugin.init({ useDatabaseForBuffer: true }),
    DefaultSearchPlugin.init({ bufferUpdates: false, indexStockStatus: true }),
  ],
};
