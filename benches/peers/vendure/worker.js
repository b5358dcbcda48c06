// The worker: the jobs of the search index and of the scheduler.
const { bootstrapWorker } = require('@vendure/core');
const { config } = require('./config');

bootstrapWorker(config)
  .then((worker) => worker.startJobQueue())
  .then(() => console.log('working'))
  .catch((error) => {
    console.error(error);
    process.exit(1);
  });
