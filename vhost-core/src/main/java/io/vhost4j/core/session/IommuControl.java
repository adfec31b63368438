// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import io.vhost4j.VhostException;
import io.vhost4j.VirtioFeature;
import io.vhost4j.core.layout.VhostUserIotlb;
import io.vhost4j.core.memory.Iotlb;
import io.vhost4j.core.protocol.FrontendRequest.IotlbMsg;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The requests about the IOMMU, and the back-end's own about addresses that it does not know. A ring that needs an unknown address waits:
 * the front-end is asked once, and the burst finds the answer when it comes by again. Event thread only, but for {@link #missed}.
 */
final class IommuControl {
    /** Most translations kept. */
    private static final int MAX_RANGES = 2048;

    /** Most addresses asked for and not answered; a guest that names more has them asked for later. */
    private static final int MAX_PENDING = 2048;

    private static final long PAGE_MASK = -4096L;
    private static final long OK = 0;

    private final Negotiation agreed;
    private final BackendChannel channel;
    private final EventLoop loop;
    private final RingControl ringControl;
    private final Iotlb iotlb;

    /** Pages asked for, with the permission. */
    private final Map<Long, Integer> pending = new ConcurrentHashMap<>();

    IommuControl(Negotiation agreed, BackendChannel channel, EventLoop loop, RingControl ringControl) {
        this.agreed = agreed;
        this.channel = channel;
        this.loop = loop;
        this.ringControl = ringControl;
        iotlb = new Iotlb(MAX_RANGES, this::missed);
    }

    /** The translations, or null if the guest uses none. */
    @Nullable
    Iotlb iotlb() {
        return VirtioFeature.ACCESS_PLATFORM.in(agreed.features()) ? iotlb : null;
    }

    /** Does what the message says; the reply is the same whether or not the front-end asked for one. */
    Reply message(IotlbMsg message) {
        if (!VirtioFeature.ACCESS_PLATFORM.in(agreed.offered())) {
            throw new RequestRejectedException("IOTLB_MSG: the IOMMU feature is not offered");
        }
        try {
            handle(message);
            return new Reply.U64(OK);
        } catch (VhostException e) {
            if (e instanceof CallbackFailedException) {
                throw e;
            }
            return new Reply.Failed("IOTLB_MSG: " + e.getMessage());
        }
    }

    private void handle(IotlbMsg message) {
        switch (message.type()) {
            case VhostUserIotlb.TYPE_UPDATE -> update(message);
            case VhostUserIotlb.TYPE_INVALIDATE -> invalidate(message);
            default -> throw new RequestRejectedException("type=" + message.type() + ": must be 2 or 3");
        }
    }

    private void update(IotlbMsg message) {
        boolean replaced = iotlb.update(message.iova(), message.size(), message.userAddr(), message.permission());
        settle(message.iova(), message.size());
        if (replaced) {
            ringControl.translationsChanged();
        }
        ringControl.startWaiting();
    }

    private void invalidate(IotlbMsg message) {
        iotlb.invalidate(message.iova(), message.size());
        settle(message.iova(), message.size());
        ringControl.translationsChanged();
    }

    /**
     * What was asked for in this range is not waited for any more. Front-ends leave questions about addresses unanswered that mean
     * nothing; if they mean something later, they are to be asked for again.
     */
    private void settle(long iova, long size) {
        long first = iova & PAGE_MASK;
        long last = iova + (size - 1);
        boolean toTheEnd = Long.compareUnsigned(last, iova) < 0;
        pending.keySet()
                .removeIf(page ->
                        Long.compareUnsigned(page, first) >= 0 && (toTheEnd || Long.compareUnsigned(page, last) <= 0));
    }

    /** A ring needs a translation. Any thread. */
    private void missed(long iova, int permission) {
        long page = iova & PAGE_MASK;
        if (pending.size() >= MAX_PENDING) {
            return;
        }
        Integer asked = pending.get(page);
        if (asked == null || (asked & permission) != permission) {
            pending.merge(page, permission, (a, b) -> a | b);
            loop.execute(() -> channel.iotlbMiss(page, permission));
        }
    }

    /** There is a channel: whatever was needed before it came is asked for on it. */
    void askAgain() {
        pending.clear();
        ringControl.startWaiting();
    }

    /** Forgets all translations, after all rings have stopped. */
    void reset() {
        iotlb.clear();
        pending.clear();
    }
}
