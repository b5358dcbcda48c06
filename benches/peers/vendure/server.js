// The server: Shop API and Admin API, no jobs.
const { bootstrap } = require('@vendure/core');
const { config } = require('./config');

bootstrap(config)
  .then(() => console.log('listening'))
  .catch((error) => {
    console.error(error);
    process.exit(1);
  });
