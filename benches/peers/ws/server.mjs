// A broadcast on ws: what is posted goes to everybody who listens, as the "Server broadcast" example of its own
// documentation does it; the last one is everybody's snapshot. Settings: as built in (no compression).
import { createServer } from 'node:http';
import { WebSocket, WebSocketServer } from 'ws';

let last = Buffer.from('{}');

const http = createServer((request, response) => {
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', () => {
    last = Buffer.concat(parts);
    response.writeHead(204).end();
    wss.clients.forEach((client) => {
      if (client.readyState === WebSocket.OPEN) client.send(last, { binary: false });
    });
  });
});

const wss = new WebSocketServer({ server: http });
wss.on('connection', (socket) => {
  socket.on('error', (error) => console.error(error.message));
  socket.send(last, { binary: false });
});

// Of the one who posts, while thousands of sockets open.
http.keepAliveTimeout = 120_000;
http.listen(Number(process.env.PORT), '127.0.0.1', () => console.log('listening'));
