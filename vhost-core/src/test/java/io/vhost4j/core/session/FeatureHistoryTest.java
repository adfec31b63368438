// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.vhost4j.VirtioFeature;
import org.junit.jupiter.api.Test;

class FeatureHistoryTest {
    private static final long MERGEABLE = VirtioFeature.maskOf(VirtioFeature.VERSION_1, VirtioFeature.MRG_RXBUF);
    private static final long PACKED = VirtioFeature.maskOf(VirtioFeature.VERSION_1, VirtioFeature.RING_PACKED);

    private final FeatureHistory history = new FeatureHistory();

    @Test
    void shouldSayNothingOfTheFirstDeviceAndOfTheSameFeatures() {
        assertNull(history.change(MERGEABLE));
        assertNull(history.change(MERGEABLE));
    }

    @Test
    void shouldNameWhatIsMissingAndWhatIsNew() {
        history.change(MERGEABLE);
        assertEquals("without [MRG_RXBUF], with [RING_PACKED]", history.change(PACKED));
        assertNull(history.change(PACKED));
        assertEquals("without [RING_PACKED], with [MRG_RXBUF]", history.change(MERGEABLE));
    }

    @Test
    void shouldNotMindAMigration() {
        history.change(PACKED);
        assertNull(history.change(PACKED | VirtioFeature.LOG_ALL.mask()));
        assertNull(history.change(PACKED));
    }
}
