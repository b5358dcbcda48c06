// A broadcast on Socket.IO: what is posted is emitted to everybody; the last one is everybody's snapshot. Settings: as
// built in, and the first HTTP request of each socket is dropped, as its documentation on memory recommends.
import { createServer } from 'node:http';
import { Server } from 'socket.io';

let last = {};

const http = createServer((request, response) => {
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', () => {
    last = JSON.parse(Buffer.concat(parts).toString());
    response.writeHead(204).end();
    io.emit('change', last);
  });
});

const io = new Server(http);
io.engine.on('connection', (socket) => {
  socket.request = null;
});
io.on('connection', (socket) => socket.emit('change', last));

// Of the one who posts, while thousands of sockets open.
http.keepAliveTimeout = 120_000;
http.listen(Number(process.env.PORT), '127.0.0.1', () => console.log('listening'));
