// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

class NumbersTest {
    @Test
    void shouldTakeTheMiddleOfAnOddNumber() {
        assertEquals(new Numbers(3, 1, 9, 3), Numbers.of(9, 1, 3));
    }

    @Test
    void shouldTakeTheMeanOfTheTwoInTheMiddle() {
        assertEquals(new Numbers(2.5, 1, 4, 4), Numbers.of(List.of(4.0, 1.0, 2.0, 3.0)));
    }

    @Test
    void shouldGiveTheSpreadInHundredthsOfTheMedian() {
        assertEquals(50, Numbers.of(10, 8, 13).spreadPercent(), 1e-9);
    }

    @Test
    void shouldRejectNoValues() {
        assertThrows(IllegalArgumentException.class, Numbers::of);
    }

    @Test
    void shouldWeighRatiosGeometrically() {
        assertEquals(1, Numbers.geometricMean(List.of(2.0, 0.5)), 1e-9);
    }
}
