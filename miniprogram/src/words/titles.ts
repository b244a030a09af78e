/** What pages.json cannot say in two languages. */

import { onShow } from '@dcloudio/uni-app'
import { type Key, t } from '.'

export function usePageTitle(key: Key): void {
  onShow(() => uni.setNavigationBarTitle({ title: t(key) }))
}

/** Only while a tab page shows. */
export function useTabNames(): void {
  onShow(() => {
    const names: Key[] = ['tab.home', 'tab.my']
    names.forEach((key, index) => uni.setTabBarItem({ index, text: t(key) }))
  })
}
