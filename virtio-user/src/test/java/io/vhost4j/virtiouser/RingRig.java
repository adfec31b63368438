// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.virtiouser;

import io.vhost4j.core.linux.EventFd;
import io.vhost4j.core.pool.BufferPool;
import io.vhost4j.core.pool.PooledPacket;
import io.vhost4j.packet.Packet;
import io.vhost4j.packet.PacketPool;
import java.util.Objects;
import java.util.Random;

/** Memory, a pool and both drivers of one queue pair, with a reference device at each ring. */
final class RingRig implements AutoCloseable {
    static final int DATA_ROOM = 256;

    final RingOptions options;
    final int size;
    final BufferPool pool;
    final RingMemory memory;
    final TxDriver tx;
    final RxDriver rx;
    final EventFd txKick = EventFd.create();
    final EventFd rxKick = EventFd.create();
    ReferenceDevice txDevice;
    ReferenceDevice rxDevice;

    RingRig(RingOptions options, int size, int poolSize) {
        this.options = options;
        this.size = size;
        pool = new BufferPool(PacketPool.builder()
                .count(poolSize)
                .dataRoom(DATA_ROOM)
                .headroom(64)
                .shared(true));
        DeviceWish wish = new DeviceWish(1, size, options.packed(), false, 0, 0, 1500, false);
        memory = RingMemory.create(wish, options.indirect());
        RxBuffers buffers = new RxBuffers(pool, options, size);
        TxGather gather = new TxGather(pool, options.offloads(), size);
        RingArea rxArea = memory.area(0);
        RingArea txArea = memory.area(1);
        rx = options.packed()
                ? new PackedRxDriver(rxArea, options, buffers)
                : new SplitRxDriver(rxArea, options, buffers);
        tx = options.packed()
                ? new PackedTxDriver(txArea, options, gather)
                : new SplitTxDriver(txArea, options, gather);
        txDevice = ReferenceDevice.of(txArea, options, tx.restart(txKick));
        rxDevice = ReferenceDevice.of(rxArea, options, rx.restart(rxKick));
        txKick.drain();
        rxKick.drain();
    }

    /** The transmit ring's back-end went away and another came. */
    void restartTx() {
        txDevice = ReferenceDevice.of(memory.area(1), options, tx.restart(txKick));
    }

    /** The receive ring's back-end went away and another came. */
    void restartRx() {
        rxDevice = ReferenceDevice.of(memory.area(0), options, rx.restart(rxKick));
    }

    /** A packet with these bytes, over as many segments as {@code segmentBytes} makes necessary. */
    PooledPacket packet(byte[] bytes, int segmentBytes) {
        PooledPacket head = Objects.requireNonNull(pool.allocate());
        int done = 0;
        do {
            PooledPacket segment = done == 0 ? head : Objects.requireNonNull(pool.allocate());
            int part = Math.min(Math.min(segmentBytes, DATA_ROOM), bytes.length - done);
            segment.append(part);
            segment.setBytes(0, bytes, done, part);
            if (done > 0) {
                head.chain(segment);
            }
            done += part;
        } while (done < bytes.length);
        return head;
    }

    static byte[] randomBytes(Random random, int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    static byte[] bytesOf(Packet packet) {
        byte[] bytes = new byte[packet.packetLength()];
        packet.copyTo(0, bytes, 0, bytes.length);
        return bytes;
    }

    /** Frees what the rings hold; fails if a packet is lost. */
    @Override
    public void close() {
        tx.release();
        rx.release();
        memory.close();
        txKick.close();
        rxKick.close();
        pool.close();
    }
}
